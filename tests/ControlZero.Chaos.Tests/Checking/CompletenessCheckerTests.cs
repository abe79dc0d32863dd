using System.Text.Json;
using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;
using ControlZero.Servers.Audit;

namespace ControlZero.Chaos.Tests.Checking;

public sealed class CompletenessCheckerTests
{
    private static readonly Story Answered = new Story()
        .Ask(10, 11, Story.Allow with { DecisionId = "D1", Words = "as the rule says" })
        .Ask(20, 21, Story.Deny with { DecisionId = "D2" }, epoch: 3)
        .Ask(30, 31, null, status: "Unavailable")
        .Ask(40, 41, Story.Suspended with { DecisionId = "D4" }, server: 0);

    private static List<LoggedEvent> Whole => [.. Answered.History.Decisions.Select((call, place) => Logged(place, CompletenessChecker.Received(call).Values))];

    private static Violation[] Check(IReadOnlyCollection<LoggedEvent> events) => [.. new CompletenessChecker(events).Check(Answered.History)];

    [Fact]
    public void Log_WithEveryAnswer_IsNoViolation() => Assert.Empty(Check(Whole));

    [Fact]
    public void Answer_WithoutAnEvent_IsFound() =>
        Assert.Contains("answer D2 of request", Assert.Single(Check([.. Whole.Where(logged => logged.Text("decision_id") != "D2")])).What, StringComparison.Ordinal);

    [Theory]
    [InlineData("decision", "deny")]
    [InlineData("reason", "")]
    [InlineData("policy_epoch", "9")]
    [InlineData("rule_id", "base-search")]
    [InlineData("request_id", "call-999")]
    public void Event_ThatDiffersFromTheAnswer_IsFound(string member, string value)
    {
        var values = CompletenessChecker.Received(Answered.History.Decisions.First()).Values.ToDictionary();
        values[member] = value;

        Assert.Contains($"answer D1: {member} is", Assert.Single(Check([Logged(0, values), .. Whole.Skip(1)])).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Event_OfAnAnswerNobodyReceived_IsFoundUnlessItsCallCameToNothingOrHadOtherAttempts()
    {
        var unanswered = Answered.History.Calls.Single(call => call is { Operation: Operation.Enforce, Answer: null }).RequestId;
        var retried = Answered.History.Decisions.Single(call => call.Asked.Server == 0).RequestId;
        Assert.Empty(Check([.. Whole, Further(unanswered), Further(retried, 8)]));

        Assert.Contains("neither cancelled nor lost", Assert.Single(Check([.. Whole, Further(Answered.History.Decisions.First().RequestId)])).What, StringComparison.Ordinal);
    }

    private static LoggedEvent Further(string request, int place = 7) =>
        Logged(place, new Dictionary<string, string> { ["decision_id"] = $"X{place}", ["request_id"] = request });

    private static LoggedEvent Logged(int place, IReadOnlyDictionary<string, string> values)
    {
        var body = values.Where(pair => pair.Value.Length > 0).Append(new("kind", "decision")).ToDictionary(pair => pair.Key, pair => pair.Value);
        return new LoggedEvent("segment", "server-1", 1, place, Story.Strict, JsonSerializer.SerializeToElement(body));
    }
}
