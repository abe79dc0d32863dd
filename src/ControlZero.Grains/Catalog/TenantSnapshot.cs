using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;

namespace ControlZero.Grains.Catalog;

/// <summary>What a silo decides a tenant's requests with: one epoch, compiled. Immutable and shared by all agents of the silo.</summary>
/// <param name="Manifest">What is in force.</param>
/// <param name="Policies">The same, compiled.</param>
public sealed record TenantSnapshot(TenantManifest Manifest, PolicySet Policies)
{
    /// <summary>The epoch.</summary>
    public ulong Epoch => Manifest.Epoch;
}
