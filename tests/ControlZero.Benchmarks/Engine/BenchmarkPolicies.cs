using System.Reflection;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;

namespace ControlZero.Benchmarks.Engine;

/// <summary>Policies of different sizes and kinds.</summary>
internal static class BenchmarkPolicies
{
    /// <summary>The one every newcomer sees.</summary>
    public static EffectiveRules Example()
    {
        using var stream = Assembly.Load("ControlZero.Server").GetManifestResourceStream("openrouter-model-policy.json")!;
        using var reader = new StreamReader(stream);
        return Compile(reader.ReadToEnd());
    }

    /// <summary>Even rules name one model, odd ones all of a vendor.</summary>
    public static EffectiveRules ExactAndPrefix(int rules) => Compile(Document(Enumerable.Range(0, rules).Select(rule =>
        rule % 2 == 0 ? Allow($"model/vendor-{rule}/name-{rule}") : Allow($"model/vendor-{rule}/*"))));

    /// <summary>Nothing that an index could file them under.</summary>
    public static EffectiveRules Globs(int rules) => Compile(Document(Enumerable.Range(0, rules).Select(rule => Allow($"*/big-name-{rule}-*"))));

    /// <summary>One rule with a condition of each common kind.</summary>
    public static EffectiveRules Conditional() => Compile(Document(
        ["""{ "effect": "allow", "action": "llm.generate", "resource": "model/openai/*", "when": { "region": "eu-*", "tokens": { "lt": 4000 } } }"""]));

    private static string Allow(string resource) => $$"""{ "effect": "allow", "action": "llm.generate", "resource": "{{resource}}" }""";

    private static string Document(IEnumerable<string> rules) => $$"""{ "name": "benchmark", "rules": [ {{string.Join(",", rules)}} ] }""";

    private static EffectiveRules Compile(string document)
    {
        var parsed = PolicyParser.Parse(document).Document ?? throw new InvalidOperationException("the benchmark's policy is refused");
        return PolicySet.Create([CompiledPolicy.Compile(parsed, 1)], Effect.Deny).For("agent-1");
    }
}
