using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Logs;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Reports;

/// <summary>What a fault cost, over all times it was injected.</summary>
/// <param name="Fault">Its name.</param>
/// <param name="Times">How often it was injected.</param>
/// <param name="Calls">Calls that were sent from its beginning to the recovery.</param>
/// <param name="Wrong">Violations in that time.</param>
/// <param name="UnavailableMs">The longest that one agent of a strict tenant had no decision, through a client with all addresses.</param>
/// <param name="StaleUnavailableMs">The same of the tenant that lets stale servers allow.</param>
/// <param name="RecoveryMs">The longest from the end of the fault to the last call without a decision, at any server.</param>
internal sealed record FaultFigures(string Fault, int Times, int Calls, int Wrong, double UnavailableMs, double StaleUnavailableMs, double RecoveryMs);

/// <summary>What a run came to.</summary>
internal sealed record ChaosReport
{
    /// <summary>Which run it was.</summary>
    public required string Title { get; init; }

    public required string Record { get; init; }

    public required int Calls { get; init; }

    public required int Decisions { get; init; }

    /// <summary>Calls without a decision while no fault was about. A busy machine has some.</summary>
    public required int FailedInPeace { get; init; }

    /// <summary>The longest after the acknowledgement of a suspension that an allow was sent. Unit: milliseconds.</summary>
    public required double LatestAllowMs { get; init; }

    /// <summary>Keys whose revocation was acknowledged.</summary>
    public required int RevokedKeys { get; init; }

    /// <summary>The longest after the acknowledgement of a revocation that an allow was sent with the key. Unit: milliseconds.</summary>
    public required double LatestRevokedAllowMs { get; init; }

    /// <summary>Windows of limits that were spent to their end.</summary>
    public required int ExhaustedWindows { get; init; }

    /// <summary>Events that the servers' logs hold. Null: they were not looked at.</summary>
    public required int? Events { get; init; }

    /// <summary>Times the log was read while servers ran.</summary>
    public required int Readings { get; init; }

    /// <summary>Events that one build wrote and the other one found. Null: nobody looked.</summary>
    public required int? FoundAcross { get; init; }

    public required IReadOnlyList<FaultFigures> Faults { get; init; }

    public required IReadOnlyList<(string Name, string Promise, int Violations)> Checks { get; init; }

    public required IReadOnlyList<Violation> Violations { get; init; }

    public required IReadOnlyList<string> NotRun { get; init; }

    /// <summary>How much of a torn last line of the record was left out. 0: none was torn. Unit: bytes.</summary>
    public required long TornBytes { get; init; }

    /// <summary>Whether a promise was broken.</summary>
    public bool HasFailed => Violations.Count > 0;

    /// <summary>Makes it of a record's file and of the logs that the servers left beside it.</summary>
    public static async Task<ChaosReport> ReadAsync(string title, string path, IReadOnlyList<string> notRun)
    {
        var history = History.Read(path);
        var checkers = Checkers.All(ChaosOptions.Bound, ChaosOptions.Patience);
        var files = new LogFiles(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var why = history.Lines.Any(line => line is { Kind: LineKind.Plan, IsOfLoglessBuild: true }) ? "the other build keeps no log"
            : history.TornBytes > 0 ? "the record is torn, so there may be events of calls that it does not have"
            : files.Roots.Count == 0 ? "there are no servers' logs beside the record" : "";
        return why.Length > 0
            ? Of(title, path, [.. notRun, $"audit, verify, queries: {why}"], history, checkers)
            : Of(
                title,
                path,
                notRun,
                history,
                [.. checkers, new CompletenessChecker(files.Read()), new VerificationChecker(await files.VerifyAsync()), new QueryChecker(files.IsShared)]);
    }

    /// <summary>Makes it of a record.</summary>
    public static ChaosReport Of(string title, string path, IReadOnlyList<string> notRun, History history, IReadOnlyList<IChecker> checkers)
    {
        var found = checkers.Select(checker => (Checker: checker, Violations: checker.Check(history).ToList())).ToList();
        List<Violation> violations = [.. found.SelectMany(entry => entry.Violations)];
        return new ChaosReport
        {
            Title = title,
            Record = path,
            Calls = history.Calls.Count,
            Decisions = history.Decisions.Count(),
            FailedInPeace = history.Calls.Count(call => IsUnanswered(call) && !history.Faults.Any(fault => fault.Overlaps(call.Invoked, call.Completed))),
            LatestAllowMs = new SuspensionChecker(ChaosOptions.Bound).Latest(history) / 1000.0,
            RevokedKeys = RevocationChecker.Revoked(history),
            LatestRevokedAllowMs = new RevocationChecker(ChaosOptions.Bound).Latest(history) / 1000.0,
            ExhaustedWindows = QuotaChecker.Exhausted(history),
            Events = checkers.OfType<CompletenessChecker>().SingleOrDefault()?.Events,
            Readings = history.Calls.Count(call => call.Asked.Question is not null),
            FoundAcross = checkers.OfType<QueryChecker>().SingleOrDefault()?.FoundAcross,
            Faults = [.. history.Faults.GroupBy(fault => fault.Fault).Select(faults => FiguresOf(faults.Key, [.. faults], history, violations))],
            Checks = [.. found.Select(entry => (entry.Checker.Name, entry.Checker.Promise, entry.Violations.Count))],
            Violations = violations,
            NotRun = notRun,
            TornBytes = history.TornBytes,
        };
    }

    private static FaultFigures FiguresOf(string fault, List<FaultSpan> spans, History history, List<Violation> violations) => new(
        fault,
        spans.Count,
        history.Calls.Count(call => spans.Exists(span => span.Begun <= call.Invoked && call.Invoked <= span.Recovered)),
        violations.Count(violation => spans.Exists(span => span.Overlaps(violation.At, violation.At))),
        spans.Max(span => LongestGap(history, span, allowStale: false)),
        spans.Max(span => LongestGap(history, span, allowStale: true)),
        spans.Max(span => Recovery(history, span)));

    // From the first question about an agent that came to nothing to the next decision about it.
    private static double LongestGap(History history, FaultSpan span, bool allowStale)
    {
        var longest = 0L;
        var asked = history.Calls.Where(call => call is { Operation: Operation.Enforce, Asked.Server: 0, IsRefused: false }
            && history.Tenants[call.Tenant].AllowStale == allowStale && call.Completed >= span.Begun && call.Invoked <= span.Recovered);
        foreach (var agent in asked.GroupBy(call => (call.Tenant, call.Agent)))
        {
            long? since = null;
            foreach (var call in agent.OrderBy(call => call.Completed))
            {
                since = IsUnanswered(call) ? since ?? call.Invoked : null;
                longest = Math.Max(longest, since is { } begun && call.Ended is not null ? call.Completed - begun : 0);
            }
        }

        return longest / 1000.0;
    }

    private static double Recovery(History history, FaultSpan span) => span.Healed == long.MaxValue ? double.PositiveInfinity : history.Calls
        .Where(call => IsUnanswered(call) && call.Ended is not null && call.Completed > span.Healed && call.Invoked < span.Recovered)
        .Select(call => (call.Completed - span.Healed) / 1000.0)
        .DefaultIfEmpty(0)
        .Max();

    // To be told that a key is revoked is an answer, and one that says nothing of the agent.
    private static bool IsUnanswered(Call call) => call is { Operation: Operation.Enforce, IsRefused: false } && call.Answer is not { IsDecided: true };
}
