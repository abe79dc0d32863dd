using ControlZero.Protocol.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace ControlZero.Client.Routing;

/// <summary>One address of the cluster with the one channel to it.</summary>
internal sealed class Endpoint : IDisposable
{
    private readonly GrpcChannel _channel;

    /// <summary>Opens no connection before the first call.</summary>
    public Endpoint(GrpcChannel channel, Uri address, Interceptor calls, Standing standing)
    {
        _channel = channel;
        Authority = $"{address.Host}:{address.Port}".ToLowerInvariant();
        Seed = Rendezvous.Seed(Authority);
        Standing = standing;
        Calls = channel.CreateCallInvoker().Intercept(calls);
        Enforcement = new(Calls);
        Agents = new(Calls);
        Cluster = new(Calls);
    }

    /// <summary><c>host:port</c>, as the cluster names an owner.</summary>
    public string Authority { get; }

    /// <summary>What the address stands for in the ranking.</summary>
    public uint Seed { get; }

    /// <summary>Whether it is worth asking.</summary>
    public Standing Standing { get; }

    /// <summary>Calls of any service.</summary>
    public CallInvoker Calls { get; }

    /// <summary>Calls of EnforcementService.</summary>
    public EnforcementService.EnforcementServiceClient Enforcement { get; }

    /// <summary>Calls of AgentService.</summary>
    public AgentService.AgentServiceClient Agents { get; }

    /// <summary>Calls of ClusterService.</summary>
    public ClusterService.ClusterServiceClient Cluster { get; }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();
}
