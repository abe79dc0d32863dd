using System.Net;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Feed;

namespace ControlZero.Server.Hosting;

/// <summary>What an operator decides about one server.</summary>
internal sealed record ServerOptions
{
    /// <summary>Directory of everything the server keeps. Default: <c>./data</c>.</summary>
    public string Data { get; init; } = "data";

    /// <summary>Where gRPC listens, without TLS. Default: <c>127.0.0.1:5050</c>. Only loopback addresses in this build.</summary>
    public IPEndPoint Grpc { get; init; } = new(IPAddress.Loopback, 5050);

    /// <summary>Where HTTP listens: health. Default: <c>127.0.0.1:5051</c>. Only loopback addresses in this build.</summary>
    public IPEndPoint Http { get; init; } = new(IPAddress.Loopback, 5051);

    /// <summary>Settings of the tenant <c>default</c>, used when it is created and never again.</summary>
    public TenantSettings DefaultTenant { get; init; } = new();

    /// <summary>How far this server may be behind the others before it allows nothing more, see <see cref="FreshnessOptions.Bound"/>. Default: 2 s.</summary>
    public TimeSpan FreshnessBound { get; init; } = new FreshnessOptions().Bound;

    /// <summary>Checks everything and reports every fault at once.</summary>
    /// <exception cref="StartupException">Something is wrong.</exception>
    public ServerOptions Check()
    {
        var faults = new List<string>();
        foreach (var (name, address) in new[] { ("--grpc", Grpc), ("--http", Http) })
        {
            if (!IPAddress.IsLoopback(address.Address))
            {
                faults.Add($"{name} `{address}` is not a loopback address, and this build has no TLS; listen on 127.0.0.1 or [::1]");
            }
        }

        if (Grpc.Equals(Http) && Grpc.Port != 0)
        {
            faults.Add($"--grpc and --http are both `{Grpc}`; give them different ports");
        }

        if (FreshnessBound < FreshnessOptions.Shortest || FreshnessBound > FreshnessOptions.Longest)
        {
            faults.Add($"--freshness-bound `{FreshnessBound}` is out of range; choose {FreshnessOptions.Shortest} to {FreshnessOptions.Longest}");
        }

        return faults.Count == 0 ? this : throw new StartupException(string.Join("; ", faults));
    }
}
