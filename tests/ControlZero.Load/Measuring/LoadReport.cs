namespace ControlZero.Load.Measuring;

/// <summary>Everything a run found out.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Run">What was run.</param>
/// <param name="RequestBytes">Size of a request with its prefix.</param>
/// <param name="ResponseBytes">Size of a response with its prefix.</param>
/// <param name="Registration">How long it took to register all agents.</param>
/// <param name="ServerMemoryMiB">Resident memory of the server at the end.</param>
/// <param name="Comparisons">The scenarios.</param>
internal sealed record LoadReport(
    Machine Machine,
    LoadRun Run,
    int RequestBytes,
    int ResponseBytes,
    TimeSpan Registration,
    double ServerMemoryMiB,
    IReadOnlyList<Comparison> Comparisons);
