using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Matching;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Evaluation;

public class RuleIndexTests
{
    private const int Rules = 1_000;

    [Theory]
    [InlineData("llm:generate", "model/x/r-700", "r700", 701)]
    [InlineData("LLM:generate", "model/x/R-701", "r701", 702)]
    [InlineData("tool-300:run", "anything", "a300", 1301)]
    [InlineData("llm:generate", "model/x/other", "last", 2001)]
    [InlineData("other:x", "model/x/other", "synthetic:NO_RULE_MATCH", 2001)]
    public void Evaluate_ThousandsOfRules_AnswersAsTryingAllDoes(string action, string resource, string expected, int evaluated)
    {
        var policy = CompiledPolicy.Compile(Document(), 1);
        var request = Policies.Request(action, resource);

        var indexed = PolicySet.Create([policy], Effect.Deny).For("agent-1").Evaluate(in request);
        var plain = PolicySet.Create([policy], Effect.Deny, indexFrom: int.MaxValue).For("agent-1").Evaluate(in request);

        Assert.Equal((expected, evaluated), (indexed.Decision.RuleId, indexed.EvaluatedRules));
        Assert.Equal((plain.Decision.RuleId, plain.EvaluatedRules), (indexed.Decision.RuleId, indexed.EvaluatedRules));
    }

    [Fact]
    public void PatternIndex_OfAThousandLiterals_ShowsOnlyThoseThatCouldMatch()
    {
        var sets = Enumerable.Range(0, Rules).Select(i => (i, PatternSet.OfTexts([$"model/x/r-{i}"])))
            .Append((Rules, PatternSet.OfTexts(["model/*"])))
            .Append((Rules + 1, PatternSet.OfTexts(["*/r-700"])))
            .Append((Rules + 2, PatternSet.OfTexts(["tool/*"])));
        var index = new PatternIndex([.. sets]);
        var seen = new Recorder([]);

        index.Visit("model/X/r-700", default, ref seen);

        Assert.Equal([700, Rules, Rules + 1], seen.Rules.Order());
    }

    private static PolicyDocument Document()
    {
        var scoped = Enumerable.Range(0, Rules).Select(i => new PolicyRule { Id = $"r{i}", Effect = i % 2 == 0 ? Effect.Allow : Effect.Deny, Actions = ["llm.generate"], Resources = [$"model/x/r-{i}"], Index = i });
        var byAction = Enumerable.Range(0, Rules).Select(i => new PolicyRule { Id = $"a{i}", Effect = Effect.Allow, Actions = [$"tool-{i}:*"], Index = Rules + i });
        var last = new PolicyRule { Id = "last", Effect = Effect.Deny, Actions = ["llm.*"], Resources = ["model/*"], Index = 2 * Rules };
        return new PolicyDocument { Name = "p", Rules = [.. scoped, .. byAction, last] };
    }

    private readonly struct Recorder(List<int> rules) : IRuleVisitor
    {
        public List<int> Rules => rules;

        public int Limit => int.MaxValue;

        public void Visit(int rule, in Query query) => rules.Add(rule);
    }
}
