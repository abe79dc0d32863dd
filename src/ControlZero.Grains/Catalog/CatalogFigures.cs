namespace ControlZero.Grains.Catalog;

/// <summary>What a silo's catalog of policies holds.</summary>
/// <param name="Tenants">Tenants it was asked about.</param>
/// <param name="Snapshots">Tenants whose compiled policies are in memory.</param>
/// <param name="LastPublishedAt">When the newest policy in memory was published. Null: there is none.</param>
public readonly record struct CatalogFigures(int Tenants, int Snapshots, DateTimeOffset? LastPublishedAt);
