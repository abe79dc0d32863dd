using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Replay;
using ControlZero.Engine.Tests.Oracle;
using CsCheck;

namespace ControlZero.Engine.Tests.Replay;

public class PastPoliciesTests
{
    private const string Seed = "0000000000001";
    private const UnknownFacts All = UnknownFacts.Context | UnknownFacts.Labels | UnknownFacts.Estimate;

    private static readonly Gen<EvaluationRequest[]> Requests = GeneratedCases.Request.Array[20];

    [Fact]
    public void Decide_OfWhatIsCertain_IsWhatTheEvaluatorDecidesOnAllTheFacts()
    {
        var (certain, uncertain) = (0, 0);
        Gen.Select(GeneratedCases.Policies, Requests, Gen.OneOf("a", "a/b", "b").Array[0, 3]).Sample(
            (documents, requests, candidates) =>
            {
                var set = PolicySet.Create(documents.Select(policy => CompiledPolicy.Compile(policy, 1)), Effect.Deny);
                foreach (var unknown in new[] { All, UnknownFacts.Context, UnknownFacts.Labels, UnknownFacts.Estimate })
                {
                    var past = PastPolicies.Create([.. documents.Select(policy => (policy, 1L))], Effect.Deny, unknown);
                    foreach (var request in requests)
                    {
                        var decided = past.Decide(Without(request, unknown), [.. candidates]);
                        var real = set.For(request.AgentId).EvaluateAll(in request, [.. candidates]).Evaluation.Decision;
                        if (!decided.IsCertain)
                        {
                            uncertain++;
                            continue;
                        }

                        certain++;
                        Assert.Equal(real.Allowed, decided.Strictest.Allowed);
                        if (decided.Decision is { } decision && candidates.Length == 0)
                        {
                            Assert.Equal((real.Policy, real.RuleId, real.RuleIndex), (decision.Policy, decision.RuleId, decision.RuleIndex));
                        }
                    }
                }
            },
            seed: Seed, iter: 2_000, threads: 1);

        // Seen to look at both, and not to call everything uncertain.
        Assert.True(certain > 4 * uncertain && uncertain > 1_000, $"{certain} certain, {uncertain} uncertain");
    }

    [Fact]
    public void Decide_OnAllTheFacts_IsTheEvaluatorsDecision() => Gen.Select(GeneratedCases.Policies, Requests).Sample(
        (documents, requests) =>
        {
            var set = PolicySet.Create(documents.Select(policy => CompiledPolicy.Compile(policy, 1)), Effect.Deny);
            var past = PastPolicies.Create([.. documents.Select(policy => (policy, 1L))], Effect.Deny, UnknownFacts.None);
            foreach (var request in requests)
            {
                var decided = past.Decide(in request, []);
                Assert.True(decided.IsCertain);
                Assert.Equal(set.For(request.AgentId).Evaluate(in request).Decision, decided.Decision);
            }
        },
        seed: Seed, iter: 500, threads: 1);

    // Each of these would be told wrong by a replay that takes what is unknown for absent.
    [Theory]
    [InlineData("""{"effect":"allow","action":"a","when":{"env":"test"}}""", "", UnknownFacts.Context)]
    [InlineData("""{"effect":"deny","action":"a","when":{"env":"prod"}},{"effect":"allow","action":"a"}""", "", UnknownFacts.Context)]
    [InlineData("""{"effect":"deny","action":"a","when":{"agent.labels.team":"red"}},{"effect":"allow","action":"a"}""", "", UnknownFacts.Labels)]
    [InlineData("""{"effect":"deny","action":"a","when":{"estimate.cost_usd":{"gt":1}}},{"effect":"allow","action":"a"}""", "", UnknownFacts.Estimate)]
    [InlineData("""{"effect":"allow","action":"a","when":{"env":{"exists":false}}}""", "", UnknownFacts.Context)]
    [InlineData("""{"effect":"allow","action":"a","when":{"x":"1"}},{"effect":"deny","action":"a","when":{"y":"1"}},{"effect":"allow","action":"a"}""", "", UnknownFacts.Context)]
    [InlineData("""{"effect":"deny","action":"a","when":{"env":{"gt":3}}},{"effect":"allow","action":"a"}""", "", UnknownFacts.Context)]
    public void Decide_WhereARuleThatMayDecideAsksForAnUnknownFact_IsUncertain(string rules, string resource, UnknownFacts unknown)
    {
        var past = Create(rules, unknown);

        Assert.Equal(unknown, past.Missing);
        Assert.False(past.Decide(Evaluation.Policies.Request("a", resource), []).IsCertain);
    }

    [Theory]
    [InlineData("""{"effect":"deny","action":"b","when":{"env":"prod"}},{"id":"all","effect":"allow","action":"a"}""", "all")]
    [InlineData("""{"id":"all","effect":"allow","action":"a"},{"effect":"deny","action":"a","when":{"env":"prod"}}""", "all")]
    [InlineData("""{"effect":"deny","action":"a","when":{"env":"prod","agent_id":"other"}},{"id":"all","effect":"allow","action":"a"}""", "all")]
    [InlineData("""{"effect":"allow","action":"a","when":{"env":"prod"}},{"id":"all","effect":"allow","action":"a"}""", null)]
    [InlineData("""{"effect":"deny","action":"a","when":{"env":"prod"}},{"id":"all","effect":"deny","action":"a"}""", null)]
    public void Decide_WhereWhatIsUnknownChangesNothing_IsCertain_AndNamesTheRuleOnlyIfThatIs(string rules, string? rule)
    {
        var decided = Create(rules, UnknownFacts.Context).Decide(Evaluation.Policies.Request("a"), []);

        Assert.True(decided.IsCertain);
        Assert.Equal(rule, decided.Decision?.RuleId);
    }

    [Fact]
    public void Missing_OfWhatOnlyAPolicyInShadowAsksFor_IsNothing()
    {
        var inForce = Evaluation.Policies.Document("""{"name":"p","rules":[{"allow":"a"}]}""");
        var inShadow = Evaluation.Policies.Document("""{"name":"q","mode":"shadow","priority":1,"rules":[{"deny":"a","when":{"env":"prod"}}]}""");

        var past = PastPolicies.Create([(inForce, 1), (inShadow, 1)], Effect.Deny, UnknownFacts.Context);

        Assert.Equal(UnknownFacts.None, past.Missing);
        Assert.Null(past.Decide(Evaluation.Policies.Request("a"), []).Decision!.Shadow);
    }

    private static PastPolicies Create(string rules, UnknownFacts unknown) =>
        PastPolicies.Create([(Evaluation.Policies.Document($$"""{"name":"p","rules":[{{rules}}]}"""), 1)], Effect.Deny, unknown);

    private static EvaluationRequest Without(EvaluationRequest request, UnknownFacts unknown) => request with
    {
        Context = unknown.HasFlag(UnknownFacts.Context) ? null : request.Context,
        Labels = unknown.HasFlag(UnknownFacts.Labels) ? null : request.Labels,
        Estimate = unknown.HasFlag(UnknownFacts.Estimate) ? null : request.Estimate,
    };
}
