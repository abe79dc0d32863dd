using System.Diagnostics;
using System.Globalization;

namespace ControlZero.Servers.Network;

/// <summary>
/// A network namespace for each server and one for the storage, with this process's own namespace as the router between them. What a rule of
/// the router drops is dropped silently, in one direction, as a network does; a rule in the sender's namespace would tell it at once.
/// This process must be alone in its namespace (<c>unshare --net</c>): addresses, forwarding and rules of it are changed. All of it ends
/// with the processes that live in it.
/// </summary>
public sealed class PrivateNetwork : ServerNetwork
{
    private const string Prefix = "10.77";
    private readonly List<Process> _holders = [];
    private readonly List<string[]> _rules = [];

    private PrivateNetwork()
    {
    }

    /// <inheritdoc/>
    public override string? StorageAddress => Inner(0);

    /// <inheritdoc/>
    public override bool CanPartition => true;

    /// <inheritdoc/>
    public override bool IsLoopback => false;

    /// <summary>Makes one.</summary>
    /// <param name="servers">How many servers it has room for.</param>
    /// <param name="cancellationToken">Ends the making.</param>
    public static async Task<PrivateNetwork> CreateAsync(int servers, CancellationToken cancellationToken = default)
    {
        var network = new PrivateNetwork();
        try
        {
            await RunAsync(["ip", "link", "set", "lo", "up"], cancellationToken);
            await File.WriteAllTextAsync("/proc/sys/net/ipv4/ip_forward", "1", cancellationToken);
            for (var place = 0; place <= servers; place++)
            {
                await network.AddAsync(place, cancellationToken);
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public override string AddressOf(int server) => Inner(server);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Enter(int server) => Into(_holders[server]);

    /// <inheritdoc/>
    public override IReadOnlyList<string> EnterStorage() => Into(_holders[0]);

    /// <inheritdoc/>
    public override async Task CutAsync(NetworkPlace from, NetworkPlace to)
    {
        string[] rule = ["from", Inner(from.Server), "to", Inner(to.Server), "blackhole"];
        await RunAsync(["ip", "rule", "add", .. rule], CancellationToken.None);
        _rules.Add(rule);
    }

    /// <inheritdoc/>
    public override async Task HealAsync()
    {
        foreach (var rule in _rules)
        {
            await RunAsync(["ip", "rule", "del", .. rule], CancellationToken.None);
        }

        _rules.Clear();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await HealAsync();
        foreach (var holder in _holders)
        {
            holder.StandardInput.Close();
            await holder.WaitForExitAsync();
            holder.Dispose();
        }

        _holders.Clear();
    }

    private static string Inner(int place) => $"{Prefix}.{place}.2";

    private static string Outer(int place) => $"{Prefix}.{place}.1";

    private static string[] Into(Process holder) => ["nsenter", "--net", "--target", holder.Id.ToString(CultureInfo.InvariantCulture), "--"];

    // A namespace lives as long as a process in it: here a shell that waits for the end of its stdin, which comes when this process ends.
    private async Task AddAsync(int place, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("unshare", ["--net", "sh", "-c", "echo there; read -r _"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var holder = Process.Start(start) ?? throw new InvalidOperationException("`unshare` did not start");
        _holders.Add(holder);
        if (await holder.StandardOutput.ReadLineAsync(cancellationToken) is null)
        {
            throw new InvalidOperationException("`unshare --net` made no network namespace: this needs to be root");
        }

        var link = $"cz{place}";
        var id = holder.Id.ToString(CultureInfo.InvariantCulture);
        await RunAsync(["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", id], cancellationToken);
        await RunAsync(["ip", "addr", "add", $"{Outer(place)}/30", "dev", link], cancellationToken);
        await RunAsync(["ip", "link", "set", link, "up"], cancellationToken);
        string[] inside = Into(holder);
        await RunAsync([.. inside, "ip", "link", "set", "lo", "up"], cancellationToken);
        await RunAsync([.. inside, "ip", "addr", "add", $"{Inner(place)}/30", "dev", "eth0"], cancellationToken);
        await RunAsync([.. inside, "ip", "link", "set", "eth0", "up"], cancellationToken);

        // No default route: what asks for a name shall hear at once that there is nobody to ask.
        await RunAsync([.. inside, "ip", "route", "add", $"{Prefix}.0.0/16", "via", Outer(place)], cancellationToken);
    }

    private static async Task RunAsync(string[] command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"`{command[0]}` did not start");
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"`{string.Join(' ', command)}` failed: {error.Trim()}");
        }
    }
}
