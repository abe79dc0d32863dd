using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>Holds a record against one promise. Knows nothing of how the record came about.</summary>
internal interface IChecker
{
    /// <summary>Its name in reports.</summary>
    string Name { get; }

    /// <summary>The promise, in a line.</summary>
    string Promise { get; }

    /// <summary>Everything in the record that breaks the promise.</summary>
    IEnumerable<Violation> Check(History history);
}

/// <summary>A broken promise.</summary>
/// <param name="Checker">Which checker found it.</param>
/// <param name="At">When. Unit: microseconds since the run began.</param>
/// <param name="What">What happened, for people.</param>
internal sealed record Violation(string Checker, long At, string What);

/// <summary>The checkers of a run.</summary>
internal static class Checkers
{
    /// <summary>All of them but those that need to know of the servers' logs (<see cref="Reports.ChaosReport.ReadAsync"/>). A later promise adds its checker here.</summary>
    /// <param name="bound">How long a server may decide by what is not in force any more.</param>
    /// <param name="patience">Within what time everything is answered after a fault is over.</param>
    public static IReadOnlyList<IChecker> All(TimeSpan bound, TimeSpan patience) =>
    [
        new SuspensionChecker(bound),
        new RevocationChecker(bound),
        new EpochChecker(bound),
        new OracleChecker(),
        new QuotaChecker(),
        new StatusChecker(),
        new LivenessChecker(patience),
        new CoverageChecker(),
    ];
}
