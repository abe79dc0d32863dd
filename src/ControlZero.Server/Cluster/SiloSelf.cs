using System.Net;
using ControlZero.Grains.Cluster;
using ControlZero.Grains.Feed;
using ControlZero.Server.Health;
using ControlZero.Server.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace ControlZero.Server.Cluster;

/// <summary>What this silo says of itself.</summary>
internal sealed class SiloSelf(SiloReadiness readiness, SiloFreshness freshness, ServerOptions options, IServer server) : ISiloFactsSource
{
    public SiloFacts Read() => new()
    {
        Version = ClusterService.Version,
        StartedAt = ClusterService.StartedAt,
        NotReady = [.. readiness.Reasons()],
        FreshnessAge = freshness.Age is var age && age != TimeSpan.MaxValue ? age : null,
        FrontDoor = options.Cluster.FrontDoor ?? Bound(),
    };

    // Before the doors are open nothing is bound, and port 0 has no number.
    private string? Bound()
    {
        if (server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is not { } bound)
        {
            return null;
        }

        var grpc = options.Listen.Grpc.Address;
        var reachable = grpc.Equals(IPAddress.Any) || grpc.Equals(IPAddress.IPv6Any) ? options.Cluster.Silo.Address : grpc;
        return new IPEndPoint(reachable, BindingAddress.Parse(bound).Port).ToString();
    }
}
