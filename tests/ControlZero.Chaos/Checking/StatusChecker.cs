using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>
/// A call that is not answered says one of the statuses its callers are told to expect, and under faults that announce themselves none fails
/// at a client that knows all addresses.
/// </summary>
internal sealed class StatusChecker : IChecker
{
    // Ask again, with the same id.
    private static readonly HashSet<string> Retryable = ["Unavailable", "DeadlineExceeded"];

    // A publish that expects a version which an earlier one of unknown outcome has replaced.
    private const string Conflict = "Aborted";

    public string Name => "status";

    public string Promise => "no answer is UNKNOWN, INTERNAL or another status that callers are not told of; a server that is told to stop fails no client";

    public IEnumerable<Violation> Check(History history)
    {
        var isOneOfSeveral = history.Calls.Any(call => call.Asked.Server > 1);
        var revoked = history.Calls.Where(call => call.Operation == Operation.RevokeKey).GroupBy(call => call.Key).ToDictionary(calls => calls.Key, calls => calls.Min(call => call.Invoked));
        foreach (var call in history.Calls.Where(call => call.Ended is { Kind: LineKind.Fail or LineKind.Unknown }))
        {
            var status = call.Ended!.Status;
            var isAllowed = Retryable.Contains(status) || (status == Conflict && call.Operation == Operation.Publish);
            if (call is { Operation: Operation.Enforce, IsRefused: true })
            {
                if (!(revoked.TryGetValue(call.Key, out var sent) && sent < call.Completed))
                {
                    yield return new Violation(Name, call.Completed, $"its key was refused, which nobody had revoked: {call}");
                }
            }
            else if (!isAllowed && !QueryChecker.IsNotFound(call))
            {
                yield return new Violation(Name, call.Completed, $"{status}: {call}");
            }
            else if (isOneOfSeveral && call is { Operation: Operation.Enforce, Asked.Server: 0 } && status == "Unavailable" && IsOnlyAnnounced(history, call))
            {
                yield return new Violation(Name, call.Completed, $"failed although every server that stopped had said so: {call}");
            }
        }
    }

    private static bool IsOnlyAnnounced(History history, Call call)
    {
        var about = history.Faults.Where(fault => fault.Overlaps(call.Invoked, call.Completed)).ToList();
        return about.Count > 0 && about.TrueForAll(fault => fault.Fault is "term" or "rolling" or "upgrade");
    }
}
