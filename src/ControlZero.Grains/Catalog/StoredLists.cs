using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Tenants;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Grains.Catalog;

/// <summary>
/// Which agents and tenants have a record, in the order of their ids. No grain keeps a list: a hundred thousand agents are a range of storage,
/// and a list beside it would be a second truth.
/// </summary>
public sealed class StoredLists([FromKeyedServices(StorageNames.State)] IStoredKeys keys)
{
    /// <summary>Agents of a tenant, deleted ones among them: their records say so. Fewer than asked for: there are no more.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="prefix">What their ids begin with. Empty: anything.</param>
    /// <param name="after">Only agents after this id, which begins with the prefix. Null: from the first.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<AgentId>> AgentsAsync(
        TenantId tenant, string prefix, AgentId? after, int count, CancellationToken cancellationToken)
    {
        var all = GrainKeys.PrefixOf(tenant);
        var range = new StoredKeyRange(AgentGrain.Type, AgentState.Name, all + prefix, after is { } last ? GrainKeys.Of(tenant, last) : null);
        return [.. (await ReadAsync(range, count, cancellationToken)).Select(key => GrainKeys.ParseAgent(key).Agent)];
    }

    /// <summary>Tenants. Fewer than asked for: there are no more.</summary>
    /// <param name="after">Only tenants after this id. Null: from the first.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<TenantId>> TenantsAsync(TenantId? after, int count, CancellationToken cancellationToken)
    {
        var range = new StoredKeyRange(TenantGrain.Type, TenantState.Name, "", after is { } last ? GrainKeys.Of(last) : null);
        return [.. (await ReadAsync(range, count, cancellationToken)).Select(TenantId.Parse)];
    }

    private async Task<IReadOnlyList<string>> ReadAsync(StoredKeyRange range, int count, CancellationToken cancellationToken)
    {
        try
        {
            return await keys.ReadAsync(range, count, cancellationToken);
        }
        catch (Exception failure) when (failure is not (OrleansException or OperationCanceledException))
        {
            // As when a grain reads its own state: callers know one kind of failure, whichever the provider.
            throw new OrleansException($"keys of `{range.GrainType}` could not be read", failure);
        }
    }
}
