using ControlZero.Abstractions;
using ControlZero.Abstractions.Policies;
using ControlZero.Grains.Hosting;

namespace ControlZero.Grains.Policies;

/// <inheritdoc cref="IPolicyVersionGrain"/>
[GrainType(Type)]
internal sealed class PolicyVersionGrain(
    [PersistentState(PolicyVersionState.Name, StorageNames.Policies)] IPersistentState<PolicyVersionState> state) : Grain, IPolicyVersionGrain
{
    /// <summary>Name of the grain's type, also in storage.</summary>
    public const string Type = "policy-version";

    public async Task<bool> WriteAsync(StoredPolicyVersion version, CancellationToken cancellationToken)
    {
        if (state.State.Version is not null)
        {
            return false;
        }

        state.State = new PolicyVersionState { Version = version };
        await this.WriteOrDeactivateAsync(state);
        return true;
    }

    public Task<StoredPolicyVersion?> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(state.State.Version);
}

/// <summary>What is kept of one version of a policy.</summary>
[GenerateSerializer, Alias("cz.PolicyVersionState")]
internal sealed record PolicyVersionState
{
    /// <summary>Name of the state in storage.</summary>
    public const string Name = "version";

    /// <summary>Number of this layout.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The version. Null: it was never written.</summary>
    [Id(1)]
    public StoredPolicyVersion? Version { get; init; }
}
