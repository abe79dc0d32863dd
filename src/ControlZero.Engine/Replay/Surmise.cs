using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Replay;

/// <summary>Policies in which conditions on unknown facts have turned out one way, so that the evaluator decides without those facts.</summary>
internal static class Surmise
{
    // Every request has an agent.
    private static readonly Condition Never = new(ConditionKey.AgentId, ConditionOperator.Exists, [], Expected: false);

    /// <summary>The unknown facts that a document's rules ask for.</summary>
    public static UnknownFacts AskedBy(PolicyDocument document) => document.Rules
        .SelectMany(rule => rule.Conditions)
        .Aggregate(UnknownFacts.None, (asked, condition) => asked | KindOf(condition.Key));

    /// <summary>The document with every rule that asks for unknown facts matching, as far as they go, or never matching.</summary>
    /// <param name="document">The document.</param>
    /// <param name="unknown">What is not known.</param>
    /// <param name="strictly">True: denies match and permits do not. False: the other way round.</param>
    // INVARIANT: whatever the unknown facts were, a request that was denied is denied strictly, and one that was allowed is allowed mildly. A value of
    // the wrong type is among what they may be: it makes a deny match and a permit not, as this does.
    public static PolicyDocument Of(PolicyDocument document, UnknownFacts unknown, bool strictly) =>
        (AskedBy(document) & unknown) == UnknownFacts.None
            ? document
            : document with { Rules = [.. document.Rules.Select(rule => Of(rule, unknown, strictly))] };

    private static PolicyRule Of(PolicyRule rule, UnknownFacts unknown, bool strictly)
    {
        var known = rule.Conditions.RemoveAll(condition => (KindOf(condition.Key) & unknown) != UnknownFacts.None);
        return known.Length == rule.Conditions.Length ? rule
            : rule with { Conditions = (rule.Effect == Effect.Deny) == strictly ? known : known.Add(Never) };
    }

    private static UnknownFacts KindOf(string key) => key switch
    {
        ConditionKey.AgentId or ConditionKey.RequestTime => UnknownFacts.None,
        ConditionKey.EstimatedInput or ConditionKey.EstimatedOutput or ConditionKey.EstimatedCost => UnknownFacts.Estimate,
        _ => key.StartsWith(ConditionKey.LabelPrefix, StringComparison.Ordinal) ? UnknownFacts.Labels : UnknownFacts.Context,
    };
}
