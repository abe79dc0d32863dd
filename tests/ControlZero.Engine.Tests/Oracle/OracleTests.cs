using System.Text;
using ControlZero.Engine.Context;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;
using CsCheck;
using Xunit.Abstractions;

namespace ControlZero.Engine.Tests.Oracle;

public class OracleTests(ITestOutputHelper output)
{
    private const int Sets = 2_500;
    private const int RequestsPerSet = 400;

    [Fact]
    public void Evaluator_OnAMillionGeneratedCases_AgreesWithTheNaiveOne()
    {
        var mix = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var shadowMix = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var (counted, spared) = (0, 0);
        var cases = Gen.Select(GeneratedCases.Policies, Gen.OneOf(Effect.Deny, Effect.Allow, Effect.Warn), GeneratedCases.Request.Array[RequestsPerSet]);

        cases.Sample(
            (policies, defaultOnEmpty, requests) =>
            {
                var compiled = policies.Select(policy => CompiledPolicy.Compile(policy, 1)).ToArray();
                var plain = PolicySet.Create(compiled, defaultOnEmpty, indexFrom: int.MaxValue);
                var indexed = PolicySet.Create(compiled, defaultOnEmpty, indexFrom: 0);
                foreach (var request in requests)
                {
                    var expected = NaiveEvaluator.Decide(policies, defaultOnEmpty, request);
                    var expectedShadow = NaiveEvaluator.DecideInShadow(policies, defaultOnEmpty, request);
                    ShadowAnswer?[] shadows =
                    [
                        plain.For(request.AgentId).DecideAll(in request, []).Evaluation.Decision.Shadow,
                        indexed.For(request.AgentId).DecideAll(in request, []).Evaluation.Decision.Shadow,
                        plain.For(request.AgentId).ExplainAll(in request, []).Outcome.Evaluation.Decision.Shadow,
                    ];
                    if (shadows.Any(shadow => Said(shadow) != Said(expectedShadow)))
                    {
                        Assert.Fail($"expected in shadow {expectedShadow}\nbut got\n{string.Join('\n', shadows.AsEnumerable())}\n{Show(request)}\n{Show(policies)}");
                    }

                    var shadowKind = expectedShadow is null ? "none" : (expectedShadow.Effect == "deny") == (expected.Effect == "deny") ? "agrees" : "differs";
                    shadowMix[shadowKind] = shadowMix.GetValueOrDefault(shadowKind) + 1;
                    var explanation = plain.For(request.AgentId).Explain(in request);
                    Verdict[] actual =
                    [
                        Verdict.Of(plain.For(request.AgentId).Evaluate(in request)),
                        Verdict.Of(indexed.For(request.AgentId).Evaluate(in request)),
                        Verdict.Of(explanation.Evaluation),
                        expected with { EvaluatedRules = explanation.Trials.Length },
                    ];
                    if (actual.Any(verdict => verdict != expected))
                    {
                        Assert.Fail($"expected {expected}\nbut got\n{string.Join('\n', actual.AsEnumerable())}\n{Show(request)}\n{Show(policies)}");
                    }

                    var expectedLimits = NaiveEvaluator.LimitsOf(policies, request).ToList();
                    var limits = plain.For(request.AgentId).QuotaLimits.Where(limit => limit.Applies(request.Action, request.Resource)).ToList();
                    if (!expectedLimits.SequenceEqual(limits))
                    {
                        Assert.Fail($"expected the limits\n{Show(expectedLimits)}\nbut got\n{Show(limits)}\n{Show(request)}\n{Show(policies)}");
                    }

                    counted += limits.Count;
                    spared += plain.For(request.AgentId).QuotaLimits.Length - limits.Count;
                    var kind = Kind(expected);
                    mix[kind] = mix.GetValueOrDefault(kind) + 1;
                }
            },
            seed: "0000000000001", iter: Sets, threads: 1, print: _ => "the message above shows the case");

        var total = mix.Values.Sum();
        foreach (var (kind, count) in mix)
        {
            output.WriteLine($"{kind,-32} {count,9:N0}  {(double)count / total:P1}");
        }

        output.WriteLine($"in shadow {string.Join(", ", shadowMix.Select(entry => $"{entry.Key} {entry.Value:N0}"))}");
        Assert.Equal(["agrees", "differs", "none"], shadowMix.Keys);
        Assert.All(shadowMix, entry => Assert.InRange(entry.Value, 50_000, total));
        output.WriteLine($"limits that count a request {counted:N0}, that do not {spared:N0}");
        Assert.Equal(1_000_000, total);
        Assert.InRange(counted, 100_000, int.MaxValue);
        Assert.InRange(spared, 100_000, int.MaxValue);
        Assert.All(mix, entry => Assert.InRange(entry.Value, 100, total));
        Assert.InRange(Share("allow by rule"), 0.30, 1);
        Assert.InRange(Share("deny by rule"), 0.30, 1);

        double Share(string beginning) => (double)mix.Where(entry => entry.Key.StartsWith(beginning, StringComparison.Ordinal)).Sum(entry => entry.Value) / total;
    }

    private static string Kind(Verdict verdict)
    {
        var by = verdict.RuleIndex is null ? $"by default {verdict.RuleId}" : $"by rule {verdict.ReasonCode}";
        return verdict.Effect == "deny" ? $"deny {by}" : verdict.RuleIndex is null ? $"allow {by}" : "allow by rule";
    }

    private static (string Effect, string RuleId, string Policy, string ReasonCode)? Said(Verdict? verdict) =>
        verdict is null ? null : (verdict.Effect, verdict.RuleId, verdict.Policy, verdict.ReasonCode);

    private static (string Effect, string RuleId, string Policy, string ReasonCode)? Said(ShadowAnswer? shadow) =>
        shadow is null ? null : (shadow.Effect.ToWord(), shadow.RuleId, shadow.Policy, shadow.ReasonCode);

    private static string Show(IEnumerable<QuotaLimit> limits) =>
        string.Join('\n', limits.Select(limit => $"  actions [{string.Join(' ', limit.Actions)}] resources [{string.Join(' ', limit.Resources)}]"));

    private static string Show(EvaluationRequest request) =>
        $"agent {request.AgentId}, action {request.Action}, resource {request.Resource}, at {request.Now:O}, labels {string.Join(',', request.Labels?.AsEnumerable() ?? [])}, context {Show(request.Context)}";

    private static string Show(PolicyDocument[] policies)
    {
        var text = new StringBuilder();
        foreach (var policy in policies)
        {
            text.AppendLine($"{policy.Name} priority {policy.Priority} enabled {policy.Enabled} {policy.Mode} agents [{string.Join(' ', policy.Agents)}] default {policy.DefaultAction}");
            foreach (var rule in policy.Rules)
            {
                var conditions = rule.Conditions.Select(condition => $"{condition.Key} {condition.Operator} [{string.Join(' ', condition.Operands.Select(Show))}] {condition.Expected} {condition.Schedule}");
                text.AppendLine($"  {rule.Effect} actions [{string.Join(' ', rule.Actions)}] resources [{string.Join(' ', rule.Resources)}] if {string.Join("; ", conditions)}");
            }
        }

        return text.ToString();
    }

    private static string Show(ContextValue? value) => value switch
    {
        null => "none",
        { Kind: ContextKind.List } => $"[{string.Join(", ", value.Items.Select(Show))}]",
        { Kind: ContextKind.Object } => $"{{{string.Join(", ", value.Fields.Select(field => $"{field.Name}: {Show(field.Value)}"))}}}",
        _ => $"{value.Kind} '{value.AsText()}'",
    };
}
