using System.Reflection;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Grains.Cluster;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Prices;
using ControlZero.Server.Hosting;
using ControlZero.Server.Rpc;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Cluster;

/// <summary>Shows the cluster to whoever holds a key.</summary>
internal sealed class ClusterService(
    IGrainFactory grains,
    IClusterView cluster,
    SetupReader setup,
    AuditState audit,
    SiloFreshness freshness,
    PriceBook prices,
    ServerOptions options,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Protocol.V1.ClusterService.ClusterServiceBase
{
    /// <summary>Version of this server.</summary>
    public static readonly string Version =
        typeof(ClusterService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>When this process started.</summary>
    public static readonly DateTimeOffset StartedAt = System.Diagnostics.Process.GetCurrentProcess().StartTime.ToUniversalTime();

    [AnyKey, ServesStale]
    public override async Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var manifest = await FindManifestAsync(caller.Tenant, context.CancellationToken);
        var mayAdminister = caller.Holds(Scopes.ClusterAdmin);
        var silos = await FindSilosAsync(context.CancellationToken);
        var status = new GetStatusResponse
        {
            Version = Version,
            StartedAt = StartedAt.ToTimestamp(),
            ServerTime = clock.GetUtcNow().ToTimestamp(),
            Storage = setup.Storage,
            Role = setup.Role,
            Silos =
            {
                silos.Select(silo => Describe(silo, mayAdminister)).OrderBy(silo => silo.Name, StringComparer.Ordinal),
            },
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
        if (!prices.Table.Models.IsEmpty)
        {
            status.Prices = new Protocol.V1.PriceTable
            {
                Version = prices.Table.Version,
                Digest = prices.Table.Digest,
                Models = prices.Table.Models.Length,
            };
        }

        if (mayAdminister)
        {
            status.AuditLog = audit.ToMessage();
            status.Advice.Add(ProductionAdvice.For(setup.Read(status.Silos, manifest?.Settings)));
        }

        return status;
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
                    Value = limit.Name == "cluster_max_tenants" ? options.Tenants.Max : limit.Value,
                    Unit = limit.Unit,
                    Description = limit.Description,
                }),
            },
        });

    // What a status is asked for most is an outage: it is given without what only storage knows.
    private async Task<TenantManifest?> FindManifestAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<ITenantGrain>(GrainKeys.Of(tenant)).GetManifestAsync(cancellationToken);
        }
        catch (Exception failure) when (RpcErrors.FromStateFailure(failure) is not null)
        {
            return null;
        }
    }

    // A front door that lost its gateways tells at least about itself.
    private async Task<IReadOnlyList<SiloReport>> FindSilosAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await cluster.AskAsync(cancellationToken);
        }
        catch (Exception failure) when (RpcErrors.FromStateFailure(failure) is not null)
        {
            return [];
        }
    }

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

    private Protocol.V1.Silo Describe(SiloReport report, bool withAddress)
    {
        var silo = new Protocol.V1.Silo
        {
            Name = report.Name,
            Status = report.Status.ToString().ToLowerInvariant(),
            Answering = report.Address.Equals(cluster.Self),
            Address = withAddress ? report.Address.Endpoint.ToString() : "",
        };
        if (report.Facts is not { } facts)
        {
            silo.NotReadyReasons.Add(report.Status == SiloStatus.Active ? "no_answer" : "silo_not_active");
            return silo;
        }

        silo.Version = facts.Version;
        silo.StartedAt = facts.StartedAt.ToTimestamp();
        silo.Ready = facts.NotReady.IsEmpty;
        silo.NotReadyReasons.Add(facts.NotReady);
        silo.FreshnessAge = facts.FreshnessAge?.ToDuration();
        return silo;
    }
}
