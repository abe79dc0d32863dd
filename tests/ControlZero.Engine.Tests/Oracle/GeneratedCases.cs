using System.Collections.Immutable;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;
using CsCheck;

namespace ControlZero.Engine.Tests.Oracle;

/// <summary>Policies and requests from an alphabet so small that they meet often.</summary>
internal static class GeneratedCases
{
    private static readonly string[] Agents = ["a", "a:b", "b", "b.a"];

    private static readonly string[] Actions =
        ["a:b", "a.b", "A:b", "a.B", "a", "a_b", "A", "a:b/b", "é:b", "a:😀", "a.b.a", "a:b.a", "b", "b:a", "*", "a]b", "😀.é", "a:*"];

    private static readonly string[] Resources = ["a", "a/b", "A/b", "a/B", "a/é", "😀", "a/b/a", "*", "[a]", "b:", "/a", "a]", "b"];

    private static readonly string[] Fragments = ["a", "A", "b", "*", "?", "[ab]", "[!a]", "[*]", "[]a]", "[A-b]", "[é-😀]", "[:.]", "]", "/", ":", ".", "_", "é", "😀"];

    private static readonly Gen<string> Noise = Gen.OneOf("a", "A", "b", "/", ":", ".", "_", "é", "😀", "]", "*").Array[1, 5].Select(string.Concat);

    private static readonly Gen<string> FreePattern = Gen.OneOf(Fragments).Array[1, 5].Select(string.Concat);

    private static Gen<ImmutableArray<string>> Patterns(string[] texts) =>
        Gen.Frequency(
            (4, Gen.OneOf(texts).Select(text => text.Replace("[a]", "[[]a]", StringComparison.Ordinal))),
            (1, Gen.Const("*")),
            (3, Gen.OneOf("a*", "a.*", "a:*", "?", "a?b", "*b", "a/*", "[aA]*", "[!b]*", "a[:.]b", "*/*")),
            (2, FreePattern)).Array[1, 3].Select(patterns => patterns.ToImmutableArray());

    private static readonly Gen<PolicyRule> Rule =
        Gen.Select(
            Gen.Frequency((6, Gen.Const(Effect.Allow)), (6, Gen.Const(Effect.Deny)), (1, Gen.Const(Effect.Warn)), (1, Gen.Const(Effect.Audit))),
            Patterns(Actions),
            Gen.Frequency((2, Gen.Const(ImmutableArray<string>.Empty)), (5, Patterns(Resources))),
            Gen.Frequency((5, Gen.Const(0)), (3, Gen.Const(1)), (1, Gen.Const(2))).SelectMany(count => GeneratedConditions.Condition.Array[count]),
            Gen.OneOf<string?>(null, null, "id", "é"),
            Gen.OneOf<string?>(null, null, "name"),
            Gen.OneOf<string?>(null, null, null, "TOO_MUCH"),
            (effect, actions, resources, conditions, id, name, code) => new PolicyRule
            {
                Effect = effect,
                Actions = actions,
                Resources = resources,
                Conditions = [.. conditions],
                Id = id,
                Name = name,
                ReasonCode = code,
                Index = 0,
            });

    private static readonly Gen<QuotaLimit> Limit =
        Gen.Select(
            Gen.Frequency((2, Gen.Const(ImmutableArray<string>.Empty)), (3, Patterns(Actions))),
            Gen.Frequency((2, Gen.Const(ImmutableArray<string>.Empty)), (3, Patterns(Resources))),
            (actions, resources) => new QuotaLimit(QuotaScope.Agent, "p", "l", QuotaMetric.InFlight, 1, null, actions, resources));

    /// <summary>One policy.</summary>
    public static Gen<PolicyDocument> Policy { get; } =
        Gen.Select(
            Gen.Int[0, 2],
            Gen.Frequency((9, Gen.Const(true)), (1, Gen.Const(false))),
            Gen.Frequency((2, Gen.Const(ImmutableArray<string>.Empty)), (1, Patterns(Agents))),
            Gen.Frequency((6, Gen.Const(Effect.Deny)), (1, Gen.Const(Effect.Allow)), (1, Gen.Const(Effect.Warn))),
            Rule.Array[1, 8],
            Gen.Select(
                Gen.Frequency((2, Gen.Const(0)), (1, Gen.Int[1, 3])).SelectMany(count => Limit.Array[count]),
                Gen.Frequency((3, Gen.Const(PolicyMode.Enforce)), (1, Gen.Const(PolicyMode.Shadow)))),
            (priority, enabled, agents, defaultAction, rules, rest) => new PolicyDocument
            {
                Name = "p",
                Priority = priority,
                Enabled = enabled,
                Mode = rest.Item2,
                Agents = agents,
                DefaultAction = defaultAction,
                Rules = Numbered(rules),
                Limits = [.. rest.Item1],
            });

    /// <summary>The policies of a tenant.</summary>
    public static Gen<PolicyDocument[]> Policies { get; } =
        Gen.Frequency((1, Gen.Const(0)), (30, Gen.Int[2, 5])).SelectMany(count => Policy.Array[count]).Select(policies => policies.Select((policy, i) => policy with { Name = $"p{i}" }).ToArray());

    /// <summary>One request.</summary>
    public static Gen<EvaluationRequest> Request { get; } =
        Gen.Select(
            Gen.OneOf(Agents),
            Gen.Frequency((5, Gen.OneOf(Actions)), (1, Noise)),
            Gen.Frequency((1, Gen.OneOf<string?>(null, "")), (7, Gen.OneOf<string?>(Resources)), (1, Noise.Select(text => (string?)text))),
            GeneratedConditions.Context,
            GeneratedConditions.Labels,
            Gen.Select(GeneratedConditions.Moment, GeneratedConditions.Estimate),
            (agent, action, resource, context, labels, rest) => new EvaluationRequest
            {
                AgentId = agent,
                Action = action,
                Resource = resource,
                Context = context,
                Labels = labels,
                Now = rest.Item1,
                Estimate = rest.Item2,
            });

    /// <summary>Rules with their positions.</summary>
    public static ImmutableArray<PolicyRule> Numbered(IEnumerable<PolicyRule> rules) => [.. rules.Select((rule, index) => rule with { Index = index })];
}
