using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Policies;

namespace ControlZero.Grains.Catalog;

/// <summary>
/// The compiled policies of a silo, one snapshot a tenant. Loaded when first asked for, replaced when a publish says so.
/// </summary>
public sealed class PolicyCatalog(IGrainFactory grains, PolicyDocuments documents)
{
    // How often a load is tried again because a publish overtook it.
    private const int LoadAttempts = 5;

    private readonly ConcurrentDictionary<TenantId, TenantSlot> _slots = new();

    /// <summary>The tenant's place. It may be empty: see <see cref="LoadAsync"/>.</summary>
    public TenantSlot Slot(TenantId tenant) => _slots.GetOrAdd(tenant, static _ => new TenantSlot());

    /// <summary>Makes sure that the tenant's place holds a snapshot. Null: there is no such tenant.</summary>
    public async ValueTask<TenantSnapshot?> LoadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var slot = Slot(tenant);
        for (var attempt = 0; attempt < LoadAttempts; attempt++)
        {
            if (slot.Current is { } current)
            {
                return current;
            }

            // INVARIANT: what the load came to is read from the slot again: it may have begun before something newer was required.
            if (!await slot.LoadOnceAsync(() => OfferStoredAsync(tenant, slot)).WaitAsync(cancellationToken))
            {
                return null;
            }
        }

        throw new TimeoutException($"the policies of tenant `{tenant}` change faster than this silo can load them");
    }

    private async Task<bool> OfferStoredAsync(TenantId tenant, TenantSlot slot)
    {
        var manifest = await grains.GetGrain<ITenantGrain>(GrainKeys.Of(tenant)).GetManifestAsync(CancellationToken.None);
        if (manifest is not null)
        {
            slot.Offer(await CompileAsync(manifest, previous: null, CancellationToken.None));
        }

        return manifest is not null;
    }

    /// <summary>Puts a manifest in force on this silo. When it returns, no decision is made under an older one any more.</summary>
    public async Task ApplyAsync(TenantManifest manifest, CancellationToken cancellationToken)
    {
        var slot = Slot(manifest.Tenant);
        var previous = slot.Current;

        // Compiled before the old one is taken away, so that decisions never wait for a publish.
        try
        {
            slot.Offer(await CompileAsync(manifest, previous, cancellationToken));
        }
        finally
        {
            slot.Require(manifest.Epoch);
        }
    }

    private async ValueTask<TenantSnapshot> CompileAsync(
        TenantManifest manifest,
        TenantSnapshot? previous,
        CancellationToken cancellationToken)
    {
        var known = previous?.Policies.Policies.ToDictionary(policy => (policy.Name, policy.Version))
            ?? [];
        var compiled = ImmutableArray.CreateBuilder<CompiledPolicy>(manifest.Policies.Length);
        foreach (var entry in manifest.Policies.Where(entry => entry.Enabled))
        {
            compiled.Add(known.TryGetValue((entry.Name.Value, entry.Version), out var policy)
                ? policy
                : await CompileAsync(manifest.Tenant, entry, cancellationToken));
        }

        return new TenantSnapshot(manifest, PolicySet.Create(compiled, manifest.Settings.DefaultOnEmpty));
    }

    private async Task<CompiledPolicy> CompileAsync(TenantId tenant, PolicyEntry entry, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IPolicyGrain>(GrainKeys.Of(tenant, entry.Name));
        var version = await grain.GetVersionAsync(entry.Version, cancellationToken)
            ?? throw new InvalidOperationException($"version {entry.Version} of policy `{entry.Name}` is in force but not stored");
        var document = documents.Read(version.Document).Document
            ?? throw new InvalidOperationException($"version {entry.Version} of policy `{entry.Name}` does not compile any more");
        return CompiledPolicy.Compile(document, entry.Version);
    }
}
