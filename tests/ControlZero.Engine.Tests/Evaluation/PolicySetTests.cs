using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Evaluation;

public class PolicySetTests
{
    private const string Everyone = """{ "name": "everyone", "rules": [{ "deny": "a:b" }] }""";

    [Fact]
    public void PolicySet_OfSeveralPriorities_OrdersThemStablyAndLeavesDisabledOnesOut()
    {
        var set = Policies.Set(
            """{ "name": "second", "priority": 5, "rules": [{ "allow": "*" }] }""",
            """{ "name": "off", "enabled": false, "rules": [{ "deny": "*" }] }""",
            """{ "name": "third", "priority": 5, "rules": [{ "deny": "*" }] }""",
            """{ "name": "first", "priority": -1, "rules": [{ "deny": "x:y" }] }""");

        Assert.Equal(["first", "second", "third"], set.Policies.Select(policy => policy.Name));
        var evaluation = set.For("agent-1").Evaluate(Policies.Request("a:b"));
        Assert.Equal(("second", 2), (evaluation.Decision.Policy, evaluation.EvaluatedRules));
    }

    [Fact]
    public void For_AgentsWithTheSamePolicies_SharesTheRules()
    {
        var set = Policies.Set(Everyone, """{ "name": "some", "agents": ["etl-*"], "rules": [{ "allow": "a:b" }] }""");

        Assert.Same(set.For("etl-1"), set.For("etl-2"));
        Assert.Same(set.For("web-1"), set.For("web-2"));
        Assert.NotSame(set.For("etl-1"), set.For("web-1"));
    }

    [Fact]
    public void For_MoreKindsOfAgentsThanAreKept_DecidesRightAndKeepsNoMore()
    {
        var letters = "abcdefghijk";
        var set = Policies.Set([.. letters.Select(letter => $$"""{ "name": "{{letter}}", "agents": "*{{letter}}*", "rules": [{ "allow": "{{letter}}:x" }] }""")]);

        for (var kind = 0; kind < 1 << letters.Length; kind++)
        {
            var agent = "1" + string.Concat(letters.Where((_, bit) => (kind >> bit & 1) == 1));
            var allowed = letters.Where(letter => set.For(agent).Evaluate(Policies.Request($"{letter}:x", agent: agent)).Decision.Allowed);
            Assert.Equal(agent[1..], string.Concat(allowed));
        }

        Assert.Equal(1024, set.SubsetsKept);
    }

    [Fact]
    public void For_AnAgentThatNoPolicyNames_FallsToTheDefaultOfTheTenant()
    {
        var policy = CompiledPolicy.Compile(Policies.Document("""{ "name": "some", "agents": "etl-*", "rules": [{ "deny": "*" }] }"""), 1);

        foreach (var effect in new[] { Effect.Deny, Effect.Warn, Effect.Allow })
        {
            var evaluation = PolicySet.Create([policy], effect).For("ETL-1").Evaluate(Policies.Request("a:b"));

            Assert.Equal(
                (effect, ReasonCodes.NoActivePolicies, SyntheticRules.NoActivePolicies, "", 0),
                (evaluation.Decision.Effect, evaluation.Decision.ReasonCode, evaluation.Decision.RuleId, evaluation.Decision.Policy, evaluation.EvaluatedRules));
        }
    }

    [Theory]
    [InlineData(Effect.Audit)]
    [InlineData(Effect.Unspecified)]
    public void Create_WithADefaultThatIsNone_IsRefused(Effect effect)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => PolicySet.Create([], effect));
    }

    [Theory]
    [InlineData("allow", "warn", Effect.Warn)]
    [InlineData("warn", "deny", Effect.Deny)]
    [InlineData("allow", "allow", Effect.Allow)]
    public void Evaluate_WithSeveralDefaults_TakesTheStrictest(string one, string other, Effect expected)
    {
        var set = Policies.Set(
            $$"""{ "name": "one", "default_action": "{{one}}", "rules": [{ "deny": "x:y" }] }""",
            $$"""{ "name": "other", "default_action": "{{other}}", "rules": [{ "deny": "x:y" }] }""");

        Assert.Equal(expected, set.For("agent-1").Evaluate(Policies.Request("a:b")).Decision.Effect);
    }

    [Fact]
    public void Compile_ADocumentThatWasNeverChecked_IsRefused()
    {
        var document = new PolicyDocument { Name = "p", Rules = [new PolicyRule { Effect = Effect.Allow, Actions = ["[z-a]"], Index = 0 }] };

        Assert.Throws<ArgumentException>(() => CompiledPolicy.Compile(document, 1));
    }
}
