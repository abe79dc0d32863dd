namespace ControlZero.Prove;

/// <summary>What a run is made of.</summary>
/// <param name="Server">The server's program, built.</param>
/// <param name="Setup">Where state is kept.</param>
/// <param name="Seed">Targets and moments of the faults, and what is asked.</param>
/// <param name="Time">How long servers are killed and paused.</param>
/// <param name="Limit">Units of either limit.</param>
/// <param name="Folder">Where data and logs go.</param>
internal sealed record ProveOptions(string Server, string Setup, int Seed, TimeSpan Time, long Limit, string Folder);
