namespace ControlZero.Server.Audit.Keeping;

/// <summary>Who sees to what a shared container needs once: the active silo with the first name. Two that both believe to be it do the same twice.</summary>
internal static class ActiveSilos
{
    /// <summary>Names of the active silos.</summary>
    public static HashSet<string> ActiveNames(this ISiloStatusOracle silos) =>
        [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Select(silo => silos.TryGetSiloName(silo, out var name) ? name : "")];

    /// <summary>Whether this silo has the first name.</summary>
    public static bool IsFirst(this ISiloStatusOracle silos) => silos.ActiveNames().Min(StringComparer.Ordinal) == silos.SiloName;
}
