using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Policies;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Catalog;

/// <summary>
/// The compiled policies of a silo, one snapshot a tenant. Loaded from storage when first asked for, replaced when a change is heard of.
/// </summary>
public sealed partial class PolicyCatalog(StoredRecords stored, PolicyDocuments documents, ILogger<PolicyCatalog> logger)
{
    // How often a load is tried again because a change overtook it.
    private const int LoadAttempts = 5;

    private readonly ConcurrentDictionary<TenantId, TenantSlot> _slots = new();

    /// <summary>How much is in memory. Counted when asked for.</summary>
    public CatalogFigures Figures
    {
        get
        {
            var snapshots = _slots.Values.Select(slot => slot.Current).OfType<TenantSnapshot>().ToList();
            return new CatalogFigures(
                _slots.Count,
                snapshots.Count,
                snapshots.SelectMany(snapshot => snapshot.Manifest.Policies).Max(policy => (DateTimeOffset?)policy.PublishedAt));
        }
    }

    /// <summary>The tenant's place. It may be empty: see <see cref="LoadAsync"/>.</summary>
    public TenantSlot Slot(TenantId tenant) => _slots.GetOrAdd(tenant, NewSlot);

    /// <summary>Makes sure that the tenant's place holds a snapshot. Null: there is no such tenant.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="minEpoch">
    /// The oldest epoch that will do. When the one in hand is older, storage is asked; when what is stored is older too, it is what comes back.
    /// </param>
    public async ValueTask<TenantSnapshot?> LoadAsync(TenantId tenant, ulong minEpoch = 0)
    {
        var slot = Slot(tenant);
        for (var attempt = 0; attempt < LoadAttempts; attempt++)
        {
            if (slot.Current is { } current && (current.Epoch >= minEpoch || attempt > 0))
            {
                return current;
            }

            if (await slot.Loading.RunAsync() is null)
            {
                return null;
            }
        }

        return slot.Current ?? throw new TimeoutException($"the policies of tenant `{tenant}` change faster than this silo can load them");
    }

    /// <summary>Puts in force on this silo what is stored, that epoch at least. When it returns, no decision is made under an older one.</summary>
    internal async Task ApplyAsync(TenantId tenant, ulong epoch)
    {
        // A tenant nobody asked for here is loaded when somebody does, from storage, which has the change by now.
        if (!_slots.TryGetValue(tenant, out var slot) || slot.Current?.Epoch >= epoch)
        {
            return;
        }

        try
        {
            await slot.Loading.RunAsync();
        }
        finally
        {
            slot.Require(epoch);
        }
    }

    /// <summary>True when the tenant is in use here under an epoch older than that.</summary>
    internal bool IsBehind(TenantId tenant, ulong epoch) => _slots.TryGetValue(tenant, out var slot) && slot.Known < epoch;

    /// <summary>Looks up what is in force and follows it. The epoch that was heard of may never have been stored: then nothing changes.</summary>
    internal async Task FollowAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var slot = Slot(tenant);
        if (await stored.ReadManifestAsync(tenant, cancellationToken) is not { } manifest || slot.Known > manifest.Epoch)
        {
            return;
        }

        // Compiled before the old one is taken away, so that decisions do not wait. What does not compile is one tenant's trouble: its
        // old policies decide no more, and the silo follows on.
        try
        {
            if (slot.Current?.Epoch != manifest.Epoch)
            {
                await slot.Loading.RunAsync();
            }
        }
        catch (Exception failure)
        {
            LogNotLoaded(tenant, failure);
        }
        finally
        {
            slot.Require(manifest.Epoch);
        }
    }

    /// <summary>Drops everything: it is loaded anew.</summary>
    internal void Reset()
    {
        foreach (var slot in _slots.Values)
        {
            slot.Reset();
        }
    }

    private TenantSlot NewSlot(TenantId tenant) => new(tenant, slot => ReadAsync(tenant, slot));

    private async Task<TenantManifest?> ReadAsync(TenantId tenant, TenantSlot slot)
    {
        var ticket = slot.Ticket;
        if (await stored.ReadManifestAsync(tenant, CancellationToken.None) is not { } manifest)
        {
            return null;
        }

        if (slot.Current?.Epoch != manifest.Epoch)
        {
            try
            {
                slot.Offer(await CompileAsync(manifest, slot.Latest), ticket);
            }
            finally
            {
                slot.Require(manifest.Epoch);
            }
        }

        return manifest;
    }

    private async ValueTask<TenantSnapshot> CompileAsync(TenantManifest manifest, TenantSnapshot? previous)
    {
        var known = previous?.Policies.Policies.ToDictionary(policy => (policy.Name, policy.Version))
            ?? [];
        var compiled = ImmutableArray.CreateBuilder<CompiledPolicy>(manifest.Policies.Length);
        foreach (var entry in manifest.Policies.Where(entry => entry.Enabled))
        {
            compiled.Add(known.TryGetValue((entry.Name.Value, entry.Version), out var policy)
                ? policy
                : await CompileAsync(manifest.Tenant, entry));
        }

        return new TenantSnapshot(manifest, PolicySet.Create(compiled, manifest.Settings.DefaultOnEmpty));
    }

    private async Task<CompiledPolicy> CompileAsync(TenantId tenant, PolicyEntry entry)
    {
        var version = await stored.ReadVersionAsync(tenant, entry.Name, entry.Version, CancellationToken.None)
            ?? throw new InvalidOperationException($"version {entry.Version} of policy `{entry.Name}` is in force but not stored");
        var document = documents.Read(version.Document).Document
            ?? throw new InvalidOperationException($"version {entry.Version} of policy `{entry.Name}` does not compile any more");
        return CompiledPolicy.Compile(document, entry.Version);
    }

    [LoggerMessage(EventId = 2002, Level = LogLevel.Error, Message = "What is in force in tenant {Tenant} could not be loaded")]
    private partial void LogNotLoaded(TenantId tenant, Exception failure);
}
