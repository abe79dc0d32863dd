namespace ControlZero.Grains.Cluster;

/// <summary>The silos of the cluster as this process sees them.</summary>
public interface IClusterView
{
    /// <summary>The silo of this process. Null: it has none.</summary>
    SiloAddress? Self { get; }

    /// <summary>Every silo that membership names, and what the active ones say of themselves, or said within the last second.</summary>
    Task<IReadOnlyList<SiloReport>> AskAsync(CancellationToken cancellationToken);
}
