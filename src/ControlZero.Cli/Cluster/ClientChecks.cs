using System.Globalization;
using System.Net;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Cluster;

/// <summary>What only the caller's side can see.</summary>
internal static class ClientChecks
{
    private const string ClusterAdmin = "cluster:admin";

    // Conditions on the time of day and the ends of windows are the server's; people compare them with their own clock.
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(2);

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>How the cluster is reached.</summary>
    public static IEnumerable<DoctorFinding> OfAddress(string url)
    {
        if (Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp && !IsThisMachine(address))
        {
            yield return DoctorFinding.OfClient(
                "client_no_tls",
                DoctorFinding.Error,
                $"this command reaches the cluster without TLS, at {address.Host}: its key crosses the network in the clear",
                "use an https address");
        }
    }

    /// <summary>How the key is kept.</summary>
    /// <param name="key">What <c>--key</c> says. Null: nothing.</param>
    /// <param name="keyFile">The file of <c>--key-file</c>, as a full path. Null: none.</param>
    public static IEnumerable<DoctorFinding> OfKey(string? key, string? keyFile)
    {
        if (key is not null)
        {
            yield return DoctorFinding.OfClient(
                "key_on_command_line",
                DoctorFinding.Warning,
                "the key is an argument: whoever lists the processes of this machine sees it",
                "set `CONTROLZERO_API_KEY`, or give `--key-file`");
        }

        if (keyFile is not null && !OperatingSystem.IsWindows() && File.Exists(keyFile) && (File.GetUnixFileMode(keyFile) & Others) != 0)
        {
            yield return DoctorFinding.OfClient(
                "key_file_mode", DoctorFinding.Error, $"others than its owner may read `{keyFile}`", "give it mode 0600");
        }
    }

    /// <summary>What the answer says of the caller and of his clock.</summary>
    /// <param name="status">The answer.</param>
    /// <param name="asked">When it was asked for, by this machine's clock.</param>
    /// <param name="answered">When it was here.</param>
    public static IEnumerable<DoctorFinding> OfAnswer(GetStatusResponse status, DateTimeOffset asked, DateTimeOffset answered)
    {
        if (status.Caller?.Scopes.Contains(ClusterAdmin) != true)
        {
            yield return DoctorFinding.OfClient(
                "server_not_examined",
                DoctorFinding.Error,
                "the server told nothing of its set-up: the key does not hold `cluster:admin`",
                "ask with a key that does, for example the first one");
        }

        var server = status.ServerTime?.ToDateTimeOffset() ?? asked;
        var skew = server < asked ? asked - server : server > answered ? server - answered : TimeSpan.Zero;
        if (skew > MostSkew)
        {
            yield return DoctorFinding.OfClient(
                "clock_skew",
                DoctorFinding.Warning,
                string.Create(CultureInfo.InvariantCulture, $"the server's clock is {skew.TotalSeconds:0.0} s {(server < asked ? "behind" : "ahead of")} this machine's"),
                "let both follow a time server");
        }
    }

    private static bool IsThisMachine(Uri address) =>
        address.DnsSafeHost.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(address.DnsSafeHost, out var ip) && IPAddress.IsLoopback(ip));
}
