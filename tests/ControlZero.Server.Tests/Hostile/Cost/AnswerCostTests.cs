using ControlZero.Abstractions.Agents;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Server.Enforcement;
using Xunit.Abstractions;

namespace ControlZero.Server.Tests.Hostile.Cost;

/// <summary>The answers that cost most to make.</summary>
public sealed class AnswerCostTests(ITestOutputHelper output)
{
    private static readonly string Localized = string.Join(',', Enumerable.Range(0, 64).Select(i => $"\"aa-{i:00}\": \"{new string('r', 190)}\""));

    [Fact]
    public void Batch_OfTheLargestAnswers_StaysWithinWhatARequestMayCost()
    {
        var rules = Set($$"""
            { "name": "p", "rules": [ { "allow": "*", "reason_localized": { {{Localized}} },
              "obligations": [ { "name": "o", "parameters": { "k": [{{string.Join(',', Enumerable.Repeat("1", 250))}}] } } ] } ] }
            """);
        var request = new EvaluationRequest { AgentId = "bot", Action = "a", Now = DateTimeOffset.UnixEpoch };
        var size = 0;

        var cost = Cost.Of(() => size = Enumerable.Range(0, Engine.Limits.BatchMaxRequests).Sum(_ => Answer(rules.Evaluate(request)).CalculateSize()));

        output.WriteLine($"{cost}, {size} bytes");
        Assert.InRange(size, 256 * 12_000, 256 * (Engine.Limits.AnswerMaxBytes + 1024));
        cost.AssertWithin("a batch of the largest answers", mebibytes: 16);
    }

    [Theory]
    [InlineData("\"reason_localized\": {LARGE}", "FIELD_TOO_LONG")]
    [InlineData("\"reason_localized\": {LANGUAGES}", "TOO_MANY")]
    [InlineData("\"obligations\": [{ \"name\": \"o\", \"parameters\": { \"k\": \"TEXT\" } }]", "FIELD_TOO_LONG")]
    [InlineData("\"obligations\": [{ \"name\": \"o\", \"parameters\": { \"k\": [VALUES] } }]", "TOO_MANY")]
    public void Publish_OfARuleWhoseAnswersWouldBeTooLarge_IsRefused(string part, string code)
    {
        var text = part
            .Replace("LARGE", string.Join(',', Enumerable.Range(0, 17).Select(i => $"\"aa-{i:00}\": \"{new string('r', 1000)}\"")), StringComparison.Ordinal)
            .Replace("LANGUAGES", string.Join(',', Enumerable.Range(0, 65).Select(i => $"\"aa-{i:00}\": \"r\"")), StringComparison.Ordinal)
            .Replace("TEXT", new string('t', 17_000), StringComparison.Ordinal)
            .Replace("VALUES", string.Join(',', Enumerable.Repeat("1", 255)), StringComparison.Ordinal);

        var parsed = PolicyParser.Parse($$"""{ "name": "p", "rules": [ { "allow": "a", {{text}} } ] }""");

        Assert.Equal(code, Assert.Single(parsed.Diagnostics).Code);
    }

    [Fact]
    public void Candidates_WhoseObligationsAreTooManyTogether_AreDenied()
    {
        var rules = Set("{ \"name\": \"p\", \"rules\": [" + string.Join(',', Enumerable.Range(0, 10).Select(i =>
            $$"""{ "allow": "a", "resource": "r{{i}}", "obligations": [ { "name": "o{{i}}", "parameters": { "k": [{{string.Join(',', Enumerable.Repeat("1", 50))}}] } } ] }""")) + "] }");
        var request = new EvaluationRequest { AgentId = "bot", Action = "a", Now = DateTimeOffset.UnixEpoch };

        var few = rules.EvaluateAll(request, ["r0", "r1"]).Evaluation.Decision;
        var many = rules.EvaluateAll(request, [.. Enumerable.Range(0, 10).Select(i => $"r{i}")]).Evaluation.Decision;

        Assert.Equal((true, 2), (few.Allowed, few.Obligations.Length));
        Assert.Equal((false, "EVALUATION_LIMIT"), (many.Allowed, many.ReasonCode));
    }

    [Fact]
    public void Explain_OfTwentyThousandRulesAndSixtyCandidates_StaysWithinWhatARequestMayCost()
    {
        var one = PolicyParser.Parse("name: p\nrules:\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"- {{allow: a, resource: 'x{i}*'}}\n"))).Document!;
        var last = PolicyParser.Parse("name: last\npriority: 200\nrules: [{allow: a, resource: '*y*'}]").Document!;
        var rules = PolicySet.Create([.. Enumerable.Repeat(CompiledPolicy.Compile(one, 1), 20), CompiledPolicy.Compile(last, 1)], Effect.Deny).For("bot");
        var request = new EvaluationRequest { AgentId = "bot", Action = "a", Now = DateTimeOffset.UnixEpoch };
        string[] candidates = [.. Enumerable.Range(0, 64).Select(i => $"y{i}{new string('z', 1000)}")];

        var cost = Cost.Of(() => rules.ExplainAll(request, [.. candidates]));
        var explained = rules.ExplainAll(request, [.. candidates]);

        output.WriteLine($"{cost}, {explained.Trials.Length} trials");
        cost.AssertWithin("an explanation", mebibytes: 16);
        Assert.True(explained.Truncated);
        Assert.InRange(explained.Trials.Length, 64, Engine.Limits.ExplainMaxTrials + 64);
        Assert.Equal(candidates, explained.Trials.Where(trial => trial.Outcome == TrialOutcome.Matched).Select(trial => trial.Resource));
        Assert.Equal(rules.EvaluateAll(request, [.. candidates]), explained.Outcome);
    }

    private static EffectiveRules Set(string document)
    {
        var parsed = PolicyParser.Parse(document);
        Assert.True(parsed.IsValid, parsed.Diagnostics.FirstOrDefault()?.ToString());
        return PolicySet.Create([CompiledPolicy.Compile(parsed.Document!, 1)], Effect.Deny).For("bot");
    }

    private static Protocol.V1.EnforceResponse Answer(Evaluation evaluation) =>
        EnforceMapping.ToResponse(new Authorization(evaluation.Decision, evaluation.EvaluatedRules, 1), "id", "request", dryRun: false);
}
