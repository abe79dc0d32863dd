using System.Globalization;
using System.Text;
using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Rounds;

/// <summary>What the paused rounds came to. Unit of all times: milliseconds.</summary>
internal sealed record RoundsReport
{
    public required string Record { get; init; }

    /// <summary>Rounds in which the suspension was acknowledged between pause and continuation.</summary>
    public required int Rounds { get; init; }

    public required int Calls { get; init; }

    /// <summary>Longest from sending a suspension to its acknowledgement.</summary>
    public required double LongestAcknowledgement { get; init; }

    /// <summary>Longest after an acknowledgement that an allow was sent for. 0: none.</summary>
    public required double LatestSent { get; init; }

    /// <summary>Longest after an acknowledgement that an allow came in. 0: none.</summary>
    public required double LatestReceived { get; init; }

    /// <summary>Questions to the paused server that were sent after the acknowledgement, while it was paused, and answered after.</summary>
    public required int Held { get; init; }

    /// <summary>How often a server found itself declared dead and was started again.</summary>
    public required int Restarts { get; init; }

    public required IReadOnlyList<Violation> Violations { get; init; }

    public static RoundsReport Of(string path, History history, SuspensionChecker suspensions, StatusChecker statuses)
    {
        var acknowledged = history.Calls.Where(call => call is { Operation: Operation.SuspendAgent, IsOk: true }).ToList();
        var decisions = history.Decisions.ToLookup(call => call.Agent);
        var during = acknowledged.Where(suspension => history.Faults.Any(fault => fault.Begun < suspension.Invoked && suspension.Completed < fault.Healed)).ToList();
        return new RoundsReport
        {
            Record = path,
            Rounds = during.Count,
            Calls = history.Calls.Count,
            LongestAcknowledgement = Longest(during.Select(suspension => suspension.Completed - suspension.Invoked)),
            LatestSent = suspensions.Latest(history) / 1000.0,
            LatestReceived = Longest(acknowledged.SelectMany(suspension =>
                decisions[suspension.Agent].Where(call => call.Answer!.Allowed).Select(call => call.Completed - suspension.Completed))),
            Held = during.Sum(suspension => history.Faults.Where(fault => fault.Begun < suspension.Invoked && suspension.Completed < fault.Healed).Sum(fault =>
                decisions[suspension.Agent].Count(call => call.Asked.Server == fault.Line.Server && call.Invoked > suspension.Completed && call.Invoked < fault.Healed && call.Completed > fault.Healed))),
            Restarts = history.Lines.Count(line => line.Kind == LineKind.Died),
            Violations = [.. suspensions.Check(history), .. statuses.Check(history)],
        };
    }

    /// <summary>As Markdown.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        text.AppendLine("| | |").AppendLine("|---|---|");
        Row("rounds with the suspension acknowledged while its owner was paused", Rounds);
        Row("calls", Calls);
        Row("latest allow sent after the acknowledgement, ms (promise: 2000)", LatestSent);
        Row("latest allow received after the acknowledgement, ms", LatestReceived);
        Row("longest acknowledgement, ms", LongestAcknowledgement);
        Row("questions held by the paused server over its pause, sent after the acknowledgement", Held);
        Row("paused servers that found themselves declared dead", Restarts);
        Row("violations", Violations.Count);
        foreach (var violation in Violations.Take(10))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\nVIOLATION {violation.Checker} at {violation.At / 1e6:0.000} s: {violation.What}");
        }

        return text.ToString();

        void Row(string what, double figure) => text.AppendLine(CultureInfo.InvariantCulture, $"| {what} | {figure:0.#} |");
    }

    private static double Longest(IEnumerable<long> times) => Math.Max(0, times.DefaultIfEmpty(0).Max()) / 1000.0;
}
