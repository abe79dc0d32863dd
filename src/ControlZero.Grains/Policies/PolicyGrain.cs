using ControlZero.Abstractions;
using ControlZero.Abstractions.Policies;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
namespace ControlZero.Grains.Policies;

/// <inheritdoc cref="IPolicyGrain"/>
[GrainType("policy")]
internal sealed class PolicyGrain(
    [PersistentState("policy", StorageNames.Policies)] IPersistentState<PolicyState> state,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Grain, IPolicyGrain
{
    public async Task<StoredPolicyVersion> StoreAsync(PolicyPublication publication, CancellationToken cancellationToken)
    {
        // INVARIANT: a number stands for at most one document. It is taken before the document is written; a crash in between skips it.
        var number = state.State.Latest + 1;
        state.State = state.State with { Latest = number };
        await this.WriteOrDeactivateAsync(state);

        var version = new StoredPolicyVersion
        {
            Version = number,
            Document = publication.Document,
            Digest = PolicyDigest.Of(publication.Document),
            PublishedAt = clock.GetUtcNow(),
            PublishedBy = publication.PublishedBy,
        };
        return await Version(number).WriteAsync(version, cancellationToken)
            ? version
            : throw new InvalidOperationException($"version {number} of policy `{publication.Name}` was written before");
    }

    public async Task<StoredPolicyVersion?> GetVersionAsync(long version, CancellationToken cancellationToken) =>
        version < 1 || version > state.State.Latest ? null : await Version(version).ReadAsync(cancellationToken);

    private IPolicyVersionGrain Version(long number) =>
        GrainFactory.GetGrain<IPolicyVersionGrain>(GrainKeys.OfVersion(this.GetPrimaryKeyString(), number));
}

/// <summary>What a policy keeps beside its versions.</summary>
[GenerateSerializer, Alias("cz.PolicyState")]
internal sealed record PolicyState
{
    /// <summary>Number of this layout.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The highest number taken. 0: none.</summary>
    [Id(1)]
    public long Latest { get; init; }
}
