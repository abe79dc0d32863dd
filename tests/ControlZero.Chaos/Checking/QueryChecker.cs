using ControlZero.Chaos.Faults;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>
/// Holds what was read of the audit log while servers ran against the answers that callers had received by then: through which server and which build it was
/// read, and which of them wrote it, makes no difference.
/// </summary>
/// <param name="isShared">Whether the log is in one place that all servers read. Else each keeps its part, and that of one which is down cannot be read.</param>
internal sealed class QueryChecker(bool isShared) : IChecker
{
    // What the clock of this machine may be set by, meanwhile, against the one that the record goes by.
    private const long Margin = 20_000;

    private readonly Dictionary<(Operation Operation, bool ReadByOther, bool WrittenByOther), int> _found = [];

    public string Name => "queries";

    public string Promise => "what was answered is found in the log, once and equal, through each server, whichever build wrote it and whichever reads it, but for parts that are named as unreadable; nothing else is found";

    /// <summary>Events that one build wrote and the other one found.</summary>
    public int FoundAcross => _found.Where(pair => pair.Key.ReadByOther != pair.Key.WrittenByOther).Sum(pair => pair.Value);

    public IEnumerable<Violation> Check(History history)
    {
        _found.Clear();
        var answered = history.Decisions.ToDictionary(call => call.Answer!.DecisionId);
        var open = history.Calls.Where(call => call.Operation == Operation.Enforce && (call.Answer is null || call.Asked.Server == 0)).Select(call => call.RequestId).ToHashSet();
        var direct = history.Decisions.Where(call => call.Asked.Server > 0).ToLookup(call => call.Tenant);
        var byTenant = direct.ToDictionary(calls => calls.Key, calls => calls.ToArray());
        foreach (var read in history.Calls.Where(call => call.Asked.Question is not null))
        {
            if (read.IsOk)
            {
                foreach (var what in Wrong(history, read, answered, open).Concat(Missing(history, read, byTenant.GetValueOrDefault(read.Tenant, []))))
                {
                    yield return new Violation(Name, read.Completed, $"{what}: {Describe(read)}");
                }
            }
            else if (IsNotFound(read) && IsReadable(history, read, answered[read.Asked.Question!.DecisionId]))
            {
                yield return new Violation(Name, read.Completed, $"not found is {answered[read.Asked.Question.DecisionId]}: {Describe(read)}");
            }
        }

        foreach (var what in NeverAcross(history))
        {
            yield return new Violation(Name, 0, what);
        }
    }

    /// <summary>Whether a decision was asked for and there was none: for this checker to judge, and no other.</summary>
    internal static bool IsNotFound(Call call) => call is { Operation: Operation.GetDecision, Ended: { Kind: LineKind.Fail, Status: "NotFound" } };

    // Each event that was found, by itself.
    private IEnumerable<string> Wrong(History history, Call read, Dictionary<string, Call> answered, HashSet<string> open)
    {
        var question = read.Asked.Question!;
        var found = read.Ended!.Found ?? [];
        foreach (var twice in found.GroupBy(each => (each.Silo, each.Generation, each.Sequence)).Where(same => same.Count() > 1))
        {
            yield return $"record {twice.Key} was found {twice.Count()} times";
        }

        if (read.Operation == Operation.QueryEvents && found.Zip(found.Skip(1)).Any(pair => pair.First.At < pair.Second.At))
        {
            yield return "events are not in their order, the newest first";
        }

        foreach (var each in found)
        {
            Count(history, read, each);
            if (!question.Takes(each.Agent, each.Resource, each.Answer) || each.At < question.From || each.At >= question.To)
            {
                yield return $"{each} was not asked for";
            }
        }

        // Of a decision that has an amendment, the last event is what was answered.
        foreach (var last in found.GroupBy(each => each.Answer.DecisionId).Select(events => events.MaxBy(each => each.Sequence)!))
        {
            if (!answered.TryGetValue(last.Answer.DecisionId, out var call))
            {
                if (!open.Contains(last.RequestId))
                {
                    yield return $"{last} is of no answer, and its call neither failed nor was it sent more than once";
                }
            }
            else if ((call.Tenant, call.RequestId, call.Agent, call.Asked.Action, call.Asked.Resource, call.Epoch, call.Answer! with { Windows = null })
                != (read.Tenant, last.RequestId, last.Agent, last.Action, last.Resource, last.Epoch, last.Answer))
            {
                yield return $"{last} is not what was answered: {call}";
            }
        }
    }

    // Answers that had been received before it was asked, and are not among what was found.
    private IEnumerable<string> Missing(History history, Call read, Call[] answers)
    {
        var question = read.Asked.Question!;
        var until = Math.Min(question.To - Margin, read.Invoked);
        var found = (read.Ended!.Found ?? []).Select(each => each.Answer.DecisionId).ToHashSet();
        foreach (var answer in answers.Where(call => call.Invoked >= question.From + (question.From == 0 ? 0 : Margin) && call.Completed < until))
        {
            if (question.Takes(answer.Agent, answer.Resource, answer.Answer!) && !found.Contains(answer.Answer!.DecisionId) && IsReadable(history, read, answer))
            {
                yield return $"not found is {answer}";
            }
        }
    }

    // Of a part that nobody could read a server says so, whether its silo did not answer or is down. A build from before that says so only of the former. Of a
    // shared log that it could not read in time it names itself, and of pages that came from several servers any may be that one.
    private bool IsReadable(History history, Call read, Call answer)
    {
        var named = read.Ended!.Unreachable ?? [];
        var isNamed = named.Contains($"server-{answer.Asked.Server}")
            || (isShared && (read.Asked.Question!.Wanders ? named.Count > 0 : named.Contains($"server-{read.Asked.Server}")));
        return !isNamed && (isShared || NamesWhoIsDown(history, read) || history.Lives.IsUp(answer.Asked.Server, read.Invoked, read.Completed));
    }

    private static bool NamesWhoIsDown(History history, Call read) =>
        !read.Asked.Question!.Wanders && history.Lives.IsOtherBuild(read.Asked.Server, read.Invoked, read.Completed) is false;

    private void Count(History history, Call read, FoundEvent found)
    {
        if (!read.Asked.Question!.Wanders
            && history.Lives.IsOtherBuild(read.Asked.Server, read.Invoked, read.Completed) is { } readByOther
            && int.TryParse(found.Silo.AsSpan(found.Silo.LastIndexOf('-') + 1), out var server)
            && history.Lives.IsOtherBuild(server, found.At, found.At) is { } writtenByOther)
        {
            var kind = (read.Operation, readByOther, writtenByOther);
            _found[kind] = _found.GetValueOrDefault(kind) + 1;
        }
    }

    // A run that read nothing across builds has shown nothing.
    private IEnumerable<string> NeverAcross(History history) =>
        !history.Faults.Any(fault => fault.Fault == FaultKind.Upgrade.Name) ? [] :
        from operation in (Operation[])[Operation.GetDecision, Operation.QueryEvents]
        from isOther in (bool[])[false, true]
        where !_found.ContainsKey((operation, isOther, !isOther))
        select $"{operation} through {(isOther ? "the other" : "this")} build never found an event that {(isOther ? "this" : "the other")} build wrote";

    private static string Describe(Call read) =>
        FormattableString.Invariant($"{read.Operation} {read.Asked.Question} through server {read.Asked.Server}, sent at {read.Invoked / 1000.0:0.0} ms, ended at {read.Completed / 1000.0:0.0} ms, {read.Ended?.Found?.Count ?? 0} found");
}
