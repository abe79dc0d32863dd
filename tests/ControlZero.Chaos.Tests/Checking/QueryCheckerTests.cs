using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Checking;

/// <summary>Server 1 answers all; the log is read through servers 1 and 2. Times of the story are milliseconds, of events microseconds.</summary>
public sealed class QueryCheckerTests
{
    private static readonly LogQuestion All = new(0, 200_000);
    private static readonly LogQuestion One = new(0, long.MaxValue) { DecisionId = "D2" };
    private static readonly Answer First = Story.Allow with { DecisionId = "D1", Words = "as the rule says" };
    private static readonly Answer Second = Story.Deny with { DecisionId = "D2", Words = "" };

    private readonly Story _story = new Story().Ask(50, 60, First).Ask(70, 80, Second).Ask(90, 95, null, status: "Unavailable").Ask(150, 160, Story.Deny with { DecisionId = "D3" });

    private Call[] Asked => [.. _story.History.Calls.Where(call => call.Operation == Operation.Enforce)];

    private FoundEvent[] Both => [Event(1), Event(0)];

    [Fact]
    public void Pages_WithEveryAnswerReceivedBefore_AreNoViolation()
    {
        Assert.Empty(Check(Query(All, Both)));
        Assert.Empty(Check(Query(All with { Rule = First.Rule }, Event(0))));
        Assert.Empty(Check(Query(All with { Effect = "deny", Agent = Story.Agent, Model = "vendor/m0", Policy = TestPolicy }, Event(1))));
        Assert.Empty(Check(Query(All with { BoundTo = "nobody" })));
        Assert.Empty(Check(Query(new LogQuestion(90_000, 200_000))));
        Assert.Empty(Check(Query(All, [Lost(), .. Both])));
        Assert.Empty(Check(Query(One, Event(1))));
    }

    [Fact]
    public void Answer_ThatIsNotFound_IsFoundOut()
    {
        Assert.Contains("not found is", Assert.Single(Check(Query(All, Event(0)))).What, StringComparison.Ordinal);
        Assert.Contains("not found is", Assert.Single(Check(Query(All with { Effect = "deny" }))).What, StringComparison.Ordinal);
        Assert.Contains("not found is", Assert.Single(Check(Query(One))).What, StringComparison.Ordinal);
        Assert.Contains("not found is", Assert.Single(Check(NotFound())).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Part_ThatIsNamedAsUnreadable_MayBeMissing()
    {
        Assert.Empty(Check(Query(All) with { Unreachable = ["server-1"] }));
        Assert.Equal(2, Check(Query(All) with { Unreachable = ["server-2"] }).Length);

        // A shared log is read by the server that is asked.
        Assert.Empty(Check(Query(All) with { Unreachable = ["server-2"] }, isShared: true));
        Assert.Equal(2, Check(Query(All) with { Unreachable = ["server-3"] }, isShared: true).Length);
    }

    /// <summary>This build names who is down; one from before it does not, and is held to what it promised.</summary>
    [Theory]
    [InlineData(false, false, 2, 1)]
    [InlineData(false, true, 0, 0)]
    [InlineData(true, true, 2, 1)]
    public void Part_OfAServerThatIsDown_MayBeMissingUnsaidFromPagesOfABuildThatDoesNotNameIt(bool isShared, bool readByOther, int ofPage, int ofDecision)
    {
        _story.Line(new RecordLine { Kind = LineKind.Served, At = 40_000, Server = 2, IsOtherBuild = readByOther })
            .Line(new RecordLine { Kind = LineKind.Stopping, At = 98_000, Server = 1 });

        Assert.Equal((ofPage, ofDecision), (Check(Query(All), isShared).Length, Check(NotFound(), isShared).Length));
    }

    [Fact]
    public void Event_ThatIsFoundTwiceOrOutOfOrderOrUnasked_IsFoundOut()
    {
        Assert.Contains("was found 2 times", Assert.Single(Check(Query(All, Event(1), Event(1), Event(0)))).What, StringComparison.Ordinal);
        Assert.Contains("not in their order", Assert.Single(Check(Query(All, Event(0), Event(1)))).What, StringComparison.Ordinal);
        Assert.Contains("was not asked for", Assert.Single(Check(Query(All with { Effect = "deny" }, Both))).What, StringComparison.Ordinal);
        Assert.Contains("was not asked for", Assert.Single(Check(Query(new LogQuestion(0, 70_000), Both))).What, StringComparison.Ordinal);
        Assert.Contains("was not asked for", Assert.Single(Check(Query(All with { BoundTo = "nobody" }, Event(1)))).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Event_ThatDiffersFromTheAnswerOrIsOfNone_IsFoundOut()
    {
        Assert.Contains("is not what was answered", Assert.Single(Check(Query(All, Event(1) with { Epoch = 9 }, Event(0)))).What, StringComparison.Ordinal);
        Assert.Contains("is not what was answered", Assert.Single(Check(Query(All, Event(1), Event(0) with { Answer = First with { Words = "" } }))).What, StringComparison.Ordinal);
        Assert.Contains("is of no answer", Assert.Single(Check(Query(All, [Lost() with { RequestId = "call-999" }, .. Both]))).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Upgrade_InWhichNothingWasReadAcrossBuilds_HasShownNothing()
    {
        _story.Fault("upgrade", "Steady", 30, 300, 310).Line(new RecordLine { Kind = LineKind.Served, At = 40_000, Server = 2, IsOtherBuild = true });

        Assert.Equal(
            ["GetDecision through this build never found an event that the other build wrote", "GetDecision through the other build never found an event that this build wrote",
                "QueryEvents through this build never found an event that the other build wrote"],
            Check(Query(All, Both)).Select(violation => violation.What));
    }

    private static string TestPolicy => Second.Policy;

    // Each reading is held against the same story.
    private Violation[] Check(Reading reading, bool isShared = false)
    {
        const long id = 1_000;
        var asked = new RecordLine
        {
            Kind = LineKind.Invoke,
            At = 100_000,
            Id = id,
            Operation = reading.Question.DecisionId.Length > 0 ? Operation.GetDecision : Operation.QueryEvents,
            Tenant = Story.Strict,
            Server = 2,
            Question = reading.Question,
        };
        var end = reading.Found is { } found
            ? new RecordLine { Kind = LineKind.Ok, At = 120_000, Id = id, Found = found, Unreachable = reading.Unreachable }
            : new RecordLine { Kind = LineKind.Fail, At = 120_000, Id = id, Status = "NotFound" };
        return [.. new QueryChecker(isShared).Check(History.Of([.. _story.History.Lines, asked, end]))];
    }

    private static Reading Query(LogQuestion question, params FoundEvent[] found) => new(question, found);

    private static Reading NotFound() => new(One, null);

    // The event of an answer, by its place.
    private FoundEvent Event(int place)
    {
        var call = Asked[place];
        return new FoundEvent(call.Invoked + 5_000, "server-1", 1, place + 1, call.RequestId, call.Agent, call.Asked.Action, call.Asked.Resource, call.Epoch, call.Answer!);
    }

    // Its call came to nothing.
    private FoundEvent Lost() => Event(1) with { At = 91_000, Sequence = 7, RequestId = Asked[2].RequestId, Answer = Story.Deny with { DecisionId = "D9" } };

    /// <summary>What was looked for, and what was found. Null: there is no such decision.</summary>
    private sealed record Reading(LogQuestion Question, FoundEvent[]? Found)
    {
        public string[]? Unreachable { get; init; }
    }
}
