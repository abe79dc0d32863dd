using ControlZero.Engine.Context;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Protocol.V1;
using ControlZero.Server.Enforcement;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit.Abstractions;

namespace ControlZero.Server.Tests.Hostile.Cost;

/// <summary>The worst inputs we can think of, and what they cost. Enforce: 100 ms of one thread and 16 MiB, whatever the policies are.</summary>
public sealed class CostTests(ITestOutputHelper output)
{
    private static readonly string Resource = new('a', Engine.Limits.ResourceMaxBytes);

    private static readonly ContextValue LongTexts = ContextValue.Of(
        [new ContextField("k", ContextValue.List([.. Enumerable.Repeat(ContextValue.Of(new string('a', 1020)), 63)]))]);

    private static readonly ContextValue Numbers = ContextValue.Of(
        [new ContextField("k", ContextValue.List([.. Enumerable.Repeat(ContextValue.Of(-1.2345678901234567e-300), 63)]))]);

    private static string Dull => "*" + new string('a', 253) + "b";

    private static string Classes => "*" + string.Concat(Enumerable.Repeat("[!b]", 62)) + "b";

    private static string Ranges => "*[" + string.Concat(Enumerable.Range(0, 124).Select(i => (char)(0x4e00 + (i * 2)))) + "]b";

    public static TheoryData<string> Bombs() => [.. Documents.Keys];

    private static readonly Dictionary<string, (string Document, ContextValue? Context, int Policies)> Documents = new()
    {
        ["patterns at every limit, exact"] = (Rules("allow", $"\"resource\": [{Many(64, Dull)}]", 15), null, 1),
        ["patterns at every limit, any case"] = (Rules("deny", $"\"resource\": [{Many(64, Dull)}]", 15), null, 1),
        ["classes"] = (Rules("deny", $"\"resource\": [{Many(64, Classes)}]", 15), null, 1),
        ["one class of many ranges"] = (Rules("deny", $"\"resource\": [{Many(64, Ranges)}]", 8), null, 1),
        ["1,000 rules of one long pattern"] = (Rules("allow", $"\"resource\": \"*{new string('a', 200)}b\"", 1000), null, 1),
        ["patterns against 64 KiB of context"] = (Rules("deny", $"\"when\": {{\"k\": [{Many(64, Dull)}]}}", 15), LongTexts, 1),
        ["numbers as text"] = (Rules("deny", "\"when\": {\"k\": {\"in\": [" + string.Join(',', Enumerable.Repeat("1", 100)) + "]}}", 95), Numbers, 10),
        ["64 conditions a rule"] = (
            Rules("allow", "\"when\": {" + string.Join(',', Enumerable.Range(0, 64).Select(i => $"\"k{i}\": \"*b\"")) + ", \"k\": \"*b\"}", 140), LongTexts, 2),
        ["40 policies of all this"] = (Rules("deny", $"\"resource\": [{Many(64, Dull)}]", 15), null, 40),
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Evaluate_OfTheWorstPolicies_StaysWithinWhatADecisionMayCost(string name)
    {
        var (document, context, count) = Documents[name];
        var rules = Set(document, count).For("bot");
        var request = new EvaluationRequest { AgentId = "bot", Action = "tool", Resource = Resource, Context = context, Now = DateTimeOffset.UnixEpoch };

        var cost = Cost.Of(() => rules.Evaluate(request));

        output.WriteLine($"{name}: {cost}, {rules.Evaluate(request)}");
        cost.AssertWithin(name, mebibytes: 1);
        Assert.InRange(rules.Evaluate(request).Steps, 1, Engine.Limits.DecisionMaxSteps);
        Assert.False(rules.Evaluate(request).Decision.Allowed);
    }

    [Fact]
    public void Evaluate_OverWhatADecisionMayCost_IsDeniedAndSaysSo()
    {
        var allowing = Set("""{ "name": "p", "default_action": "allow", "rules": [""" + string.Join(',', Enumerable.Repeat(
            $$"""{ "deny": "x" }, { "deny": "*", "resource": [{{Many(64, Dull)}}] }""", 12)) + """, { "allow": "*" } ] }""", 1).For("bot");
        var request = new EvaluationRequest { AgentId = "bot", Action = "tool", Resource = Resource, Now = DateTimeOffset.UnixEpoch };

        var evaluation = allowing.Evaluate(request);

        Assert.Equal(
            (Effect.Deny, "EVALUATION_LIMIT", "synthetic:EVALUATION_LIMIT"),
            (evaluation.Decision.Effect, evaluation.Decision.ReasonCode, evaluation.Decision.RuleId));
        Assert.Equal(evaluation.Decision, allowing.Explain(request).Evaluation.Decision);
        Assert.True(allowing.Evaluate(request with { Resource = "model/openai/gpt-4" }).Decision.Allowed);
    }

    [Theory]
    [InlineData("structs")]
    [InlineData("values")]
    [InlineData("fields")]
    public void Read_OfTheLargestContexts_StaysWithinWhatADecisionMayCost(string kind)
    {
        var list = new ListValue();
        for (var i = 0; i < (kind == "structs" ? 64_000 : 128_000) && kind != "fields"; i++)
        {
            list.Values.Add(kind == "structs" ? new Value { StructValue = new Struct() } : new Value());
        }

        var context = new Struct { Fields = { ["k"] = new Value { ListValue = list } } };
        for (var i = 0; i < 20_000 && kind == "fields"; i++)
        {
            context.Fields.Add($"{i:x}", new Value());
        }

        var message = new EnforceRequest { AgentId = "bot", Action = "tool", Context = context }.ToByteArray();
        Assert.InRange(message.Length, 100_000, Engine.Limits.EnforceMessageMaxBytes);

        var cost = Cost.Of(() => Assert.NotNull(ContextMapping.CheckEntries(EnforceRequest.Parser.ParseFrom(message).Context)));

        output.WriteLine($"{kind}: {cost}");
        cost.AssertWithin(kind, mebibytes: 16);
    }

    private static PolicySet Set(string document, int count)
    {
        var parsed = PolicyParser.Parse(document);
        Assert.True(parsed.IsValid, $"{document.Length} bytes: {parsed.Diagnostics.FirstOrDefault()}");
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(document), 1, Engine.Limits.PolicyMaxBytes);
        return PolicySet.Create(Enumerable.Range(0, count).Select(_ => CompiledPolicy.Compile(parsed.Document!, 1)), Effect.Deny);
    }

    private static string Rules(string effect, string rest, int count) =>
        "{\"name\":\"p\",\"rules\":[" + string.Join(',', Enumerable.Repeat($"{{\"{effect}\": \"*\", {rest}}}", count)) + "]}";

    private static string Many(int count, string pattern) => string.Join(',', Enumerable.Repeat($"\"{pattern}\"", count));
}
