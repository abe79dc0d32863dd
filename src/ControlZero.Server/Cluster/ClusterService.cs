using System.Reflection;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Cluster;

/// <summary>Shows the cluster to whoever holds a key.</summary>
internal sealed class ClusterService(
    IGrainFactory grains,
    ISiloStatusOracle silos,
    SiloFreshness freshness,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Protocol.V1.ClusterService.ClusterServiceBase
{
    /// <summary>Version of this server.</summary>
    public static readonly string Version =
        typeof(ClusterService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    private static readonly Timestamp StartedAt = System.Diagnostics.Process.GetCurrentProcess().StartTime.ToUniversalTime().ToTimestamp();

    [AnyKey, ServesStale]
    public override async Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var manifest = await grains.GetGrain<ITenantGrain>(GrainKeys.Of(caller.Tenant)).GetManifestAsync(context.CancellationToken);
        return new GetStatusResponse
        {
            Version = Version,
            StartedAt = StartedAt,
            ServerTime = clock.GetUtcNow().ToTimestamp(),
            Storage = "embedded",
            Silos = { silos.GetApproximateSiloStatuses().Select(Describe).OrderBy(silo => silo.Name, StringComparer.Ordinal) },
            Caller = new Protocol.V1.Caller
            {
                TenantId = caller.Tenant.Value,
                KeyId = caller.Key.Id.Value,
                Scopes = { caller.Key.Scopes },
                Agents = { caller.Key.Agents },
            },
            PolicyEpoch = manifest?.Epoch ?? 0,
            Freshness = DescribeFreshness(),
            PoliciesInForce = manifest?.Policies.Count(policy => policy.Enabled) ?? 0,
        };
    }

    [AnyKey]
    public override Task<GetLimitsResponse> GetLimits(GetLimitsRequest request, ServerCallContext context) =>
        Task.FromResult(new GetLimitsResponse
        {
            Limits =
            {
                Limits.All.Select(limit => new Limit
                {
                    Name = limit.Name,
                    Value = limit.Value,
                    Unit = limit.Unit,
                    Description = limit.Description,
                }),
            },
        });

    private Freshness DescribeFreshness()
    {
        var age = freshness.Age;
        return new Freshness
        {
            Age = age == TimeSpan.MaxValue ? null : age.ToDuration(),
            Bound = freshness.Bound.ToDuration(),
            Fresh = age <= freshness.Bound,
            FeedSequence = freshness.Sequence,
        };
    }

    private Protocol.V1.Silo Describe(KeyValuePair<SiloAddress, SiloStatus> silo) => new()
    {
        Name = silos.TryGetSiloName(silo.Key, out var name) ? name : silo.Key.ToString(),
        Status = silo.Value.ToString().ToLowerInvariant(),
        Answering = silo.Key.Equals(silos.SiloAddress),
    };
}
