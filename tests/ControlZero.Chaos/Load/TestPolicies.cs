using System.Text.Json;

namespace ControlZero.Chaos.Load;

/// <summary>
/// The policies of a tenant: one that is published over and over, each text with its number in every rule's id, and below it one that never
/// changes. A decision thereby tells which text it was made by.
/// </summary>
internal static class TestPolicies
{
    /// <summary>The name of the one that changes.</summary>
    public const string Turning = "turning";

    /// <summary>The one that never changes.</summary>
    public const string Base = """
        { "name": "base", "priority": 100, "rules": [
          { "id": "base-search", "allow": "tool:search" },
          { "id": "base-models", "deny": "llm.generate", "resource": "model/*" },
          { "id": "base-warn", "effect": "warn", "action": "tool:read*", "resource": "file/*" } ] }
        """;

    private const int Models = 8;

    /// <summary>What can be asked: models, which the turning policy is about, and tools.</summary>
    public static IReadOnlyList<(string Action, string Resource)> Questions { get; } =
    [
        .. Enumerable.Range(0, Models).Select(number => ("llm.generate", $"model/vendor/m{number}")),
        ("llm:embed", "model/vendor/m1"), ("tool:search", ""), ("tool:read-file", "file/a"), ("tool:write", "file/a"),
    ];

    /// <summary>What is suspended among the models: by name, in another spelling, and by pattern.</summary>
    public static IReadOnlyList<string> ModelPatterns { get; } = ["model/vendor/m5", "model/VENDOR/m6", "model/vendor/m7*"];

    /// <summary>Whether a suspended pattern stops a model. Not the product's way of saying it.</summary>
    public static bool Stops(string pattern, string resource) => pattern.EndsWith('*')
        ? resource.StartsWith(pattern[..^1], StringComparison.OrdinalIgnoreCase)
        : resource.Equals(pattern, StringComparison.OrdinalIgnoreCase);

    /// <summary>A text of the turning policy: which models it allows differs from number to number.</summary>
    public static string Text(int number, Random random)
    {
        var kinds = Enumerable.Range(0, Models).Select(_ => random.Next(4)).ToArray();
        string[] Of(int kind) => [.. Enumerable.Range(0, Models).Where(model => kinds[model] == kind).Select(model => $"model/vendor/m{model}")];
        var rules = new List<object> { new { id = $"{number}-embed", deny = "llm.embed" } };
        foreach (var (kind, effect) in new[] { (0, "allow"), (1, "deny"), (2, "warn") })
        {
            if (Of(kind) is { Length: > 0 } resources)
            {
                rules.Add(new { id = $"{number}-{effect}", effect, action = "llm.generate", resource = resources });
            }
        }

        return JsonSerializer.Serialize(new { name = Turning, priority = 10, description = $"text {number}", rules });
    }
}
