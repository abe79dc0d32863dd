namespace ControlZero.Grains.Hosting;

/// <summary>Names the <see cref="TimeProvider"/> of this project's own parts, so that a test can move our time without stopping Orleans' probes.</summary>
public static class ClusterClock
{
    /// <summary>Key of the service. Default: <see cref="TimeProvider.System"/>.</summary>
    public const string Key = "controlzero";
}
