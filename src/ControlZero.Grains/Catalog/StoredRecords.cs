using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Keys;
using ControlZero.Grains.Policies;
using ControlZero.Grains.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace ControlZero.Grains.Catalog;

/// <summary>
/// Records as storage has them, whatever an activation believes: one on a silo that was cut off may not know that it was replaced, and
/// would answer with the past. Only their grains write them.
/// </summary>
public sealed class StoredRecords(
    [FromKeyedServices(StorageNames.State)] IGrainStorage storage,
    [FromKeyedServices(StorageNames.Policies)] IGrainStorage policies)
{
    /// <summary>What is in force in a tenant, or null: there is no such tenant.</summary>
    public async Task<TenantManifest?> ReadManifestAsync(TenantId tenant, CancellationToken cancellationToken) =>
        (await ReadAsync<TenantState>(storage, TenantState.Name, TenantGrain.Type, GrainKeys.Of(tenant), cancellationToken)).Manifest;

    /// <summary>An agent, or null: it is not registered.</summary>
    public async Task<AgentDescription?> ReadAgentAsync(TenantId tenant, AgentId agent, CancellationToken cancellationToken) =>
        (await ReadAsync<AgentState>(storage, AgentState.Name, AgentGrain.Type, GrainKeys.Of(tenant, agent), cancellationToken)).Describe(agent);

    /// <summary>One version of a policy, or null: it was never written.</summary>
    public async Task<StoredPolicyVersion?> ReadVersionAsync(
        TenantId tenant,
        PolicyName policy,
        long version,
        CancellationToken cancellationToken)
    {
        var key = GrainKeys.OfVersion(GrainKeys.Of(tenant, policy), version);
        return (await ReadAsync<PolicyVersionState>(policies, PolicyVersionState.Name, PolicyVersionGrain.Type, key, cancellationToken)).Version;
    }

    /// <summary>A key, or null: there is none.</summary>
    public async Task<KeyRecord?> ReadKeyAsync(KeyId key, CancellationToken cancellationToken) =>
        (await ReadAsync<KeyState>(storage, KeyState.Name, KeyGrain.Type, GrainKeys.Of(key), cancellationToken)).Key;

    private static async Task<T> ReadAsync<T>(IGrainStorage from, string stateName, string type, string key, CancellationToken cancellationToken)
        where T : new()
    {
        var state = new GrainState<T>(new T());
        try
        {
            await from.ReadStateAsync(stateName, GrainId.Create(type, key), state, cancellationToken);
            return state.State ?? new T();
        }
        catch (Exception failure) when (failure is not (OrleansException or OperationCanceledException))
        {
            // As when a grain reads its own state: callers know one kind of failure, whichever the provider.
            throw new OrleansException($"state `{stateName}` could not be read", failure);
        }
    }
}
