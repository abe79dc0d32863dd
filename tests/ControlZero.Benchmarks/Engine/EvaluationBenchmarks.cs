using BenchmarkDotNet.Attributes;
using ControlZero.Engine.Context;
using ControlZero.Engine.Evaluation;

namespace ControlZero.Benchmarks.Engine;

/// <summary>One decision, without anything around it. Goals: 30 ns for the example, 60 ns for 1,000 exact and prefix rules, 0 B always.</summary>
public class EvaluationBenchmarks
{
    private readonly EffectiveRules _example = BenchmarkPolicies.Example();
    private readonly EffectiveRules _ten = BenchmarkPolicies.ExactAndPrefix(10);
    private readonly EffectiveRules _hundred = BenchmarkPolicies.ExactAndPrefix(100);
    private readonly EffectiveRules _thousand = BenchmarkPolicies.ExactAndPrefix(1_000);
    private readonly EffectiveRules _globs = BenchmarkPolicies.Globs(100);
    private readonly EffectiveRules _conditions = BenchmarkPolicies.Conditional();
    private readonly EvaluationRequest _third = Ask("model/meta-llama/llama-3-70b-instruct");
    private readonly EvaluationRequest _lastExact = Ask("model/vendor-8/name-8");
    private readonly EvaluationRequest _lastOfHundred = Ask("model/vendor-98/name-98");
    private readonly EvaluationRequest _lastOfThousand = Ask("model/vendor-998/name-998");
    private readonly EvaluationRequest _glob = Ask("model/vendor-99/big-name-99-preview");
    private readonly EvaluationRequest _facts = Ask("model/openai/gpt-4") with
    {
        Context = ContextValue.Of([new ContextField("region", ContextValue.Of("eu-west-1")), new ContextField("tokens", ContextValue.Of(1_200d))]),
    };

    [Benchmark(Baseline = true, Description = "example, 5 rules, the third decides")]
    public Evaluation Example() => _example.Evaluate(in _third);

    [Benchmark(Description = "10 exact and prefix rules, the last exact one")]
    public Evaluation Ten() => _ten.Evaluate(in _lastExact);

    [Benchmark(Description = "100 exact and prefix rules, the last exact one")]
    public Evaluation Hundred() => _hundred.Evaluate(in _lastOfHundred);

    [Benchmark(Description = "1,000 exact and prefix rules, the last exact one")]
    public Evaluation Thousand() => _thousand.Evaluate(in _lastOfThousand);

    [Benchmark(Description = "100 rules with a wildcard first, the last one")]
    public Evaluation Globs() => _globs.Evaluate(in _glob);

    [Benchmark(Description = "glob and number conditions on the context")]
    public Evaluation Conditions() => _conditions.Evaluate(in _facts);

    private static EvaluationRequest Ask(string resource) => new()
    {
        AgentId = "agent-1", Action = "llm.generate", Resource = resource, Now = DateTimeOffset.UnixEpoch,
    };
}
