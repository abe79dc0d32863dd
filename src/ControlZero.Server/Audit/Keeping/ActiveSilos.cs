namespace ControlZero.Server.Audit.Keeping;

/// <summary>
/// Names of silos, by which their logs are told apart. Who sees to what a shared container needs once is the active silo with the first name: two that both
/// believe to be it do the same twice.
/// </summary>
internal static class ActiveSilos
{
    /// <summary>Names of the active silos.</summary>
    public static HashSet<string> ActiveNames(this ISiloStatusOracle silos) =>
        [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Select(silo => silos.TryGetSiloName(silo, out var name) ? name : "")];

    /// <summary>
    /// Names of the silos that stop, or have ended and are not back, for as long as the membership remembers them. One that is being started again is among them
    /// by its life before; one that starts for the first time has written nothing.
    /// </summary>
    /// <param name="silos">Knows them.</param>
    /// <param name="active">Names of those that were active a moment ago: one that stops or comes back meanwhile is what it was then.</param>
    public static IEnumerable<string> AbsentNames(this ISiloStatusOracle silos, IReadOnlySet<string> active) => silos.GetApproximateSiloStatuses(onlyActive: false)
        .Where(silo => silo.Value is SiloStatus.ShuttingDown or SiloStatus.Stopping or SiloStatus.Dead)
        .Select(silo => silos.TryGetSiloName(silo.Key, out var name) ? name : "")
        .Where(name => name.Length > 0 && !active.Contains(name))
        .Distinct();

    /// <summary>Whether this silo has the first name.</summary>
    public static bool IsFirst(this ISiloStatusOracle silos) => silos.ActiveNames().Min(StringComparer.Ordinal) == silos.SiloName;
}
