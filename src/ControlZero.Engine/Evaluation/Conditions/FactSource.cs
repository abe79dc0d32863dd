using ControlZero.Engine.Context;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary>Where the value of a condition's key comes from.</summary>
internal abstract class FactSource
{
    /// <summary>The source of a key. Not for the server's clock, which is no value of a context.</summary>
    public static FactSource For(string key)
    {
        if (key == ConditionKey.AgentId)
        {
            return new AgentIdSource();
        }

        if (key is ConditionKey.EstimatedInput or ConditionKey.EstimatedOutput or ConditionKey.EstimatedCost)
        {
            return new EstimateSource(key);
        }

        return key.StartsWith(ConditionKey.LabelPrefix, StringComparison.Ordinal)
            ? new LabelSource(key[ConditionKey.LabelPrefix.Length..])
            : new ContextSource(key);
    }

    /// <summary>What the key leads to.</summary>
    public abstract Fact Read(in EvaluationRequest request);

    private sealed class AgentIdSource : FactSource
    {
        public override Fact Read(in EvaluationRequest request) => Fact.Of(request.AgentId);
    }

    private sealed class EstimateSource(string key) : FactSource
    {
        private const double NanosPerDollar = 1e9;

        public override Fact Read(in EvaluationRequest request) => key switch
        {
            ConditionKey.EstimatedInput => Fact.Of(request.Estimate?.InputTokens),
            ConditionKey.EstimatedOutput => Fact.Of(request.Estimate?.OutputTokens),
            _ => Fact.Of(request.Estimate?.CostNanos / NanosPerDollar),
        };
    }

    private sealed class LabelSource(string name) : FactSource
    {
        public override Fact Read(in EvaluationRequest request) =>
            request.Labels is { } labels && labels.TryGetValue(name, out var value) ? Fact.Of(value) : Fact.Missing;
    }

    private sealed class ContextSource(string key) : FactSource
    {
        // Not split beforehand: a thousand keys of five hundred segments are as many texts.
        private readonly bool _isPath = key.Contains('.', StringComparison.Ordinal);

        public override Fact Read(in EvaluationRequest request)
        {
            if (request.Context is not { } context)
            {
                return Fact.Missing;
            }

            var literal = context.Find(key);
            if (!_isPath)
            {
                return Fact.Of(literal);
            }

            var nested = context;
            foreach (var segment in key.AsSpan().Split('.'))
            {
                nested = nested.Find(key.AsSpan(segment));
                if (nested is null)
                {
                    break;
                }
            }

            if (literal is null || nested is null)
            {
                return Fact.Of(literal ?? nested);
            }

            // Two spellings of one key that disagree: believing either would let the caller choose.
            return SameValue(literal, nested) ? Fact.Of(literal) : Fact.Contradictory;
        }
    }

    /// <summary>Equal in kind and content. The order of an object's fields does not count; not a number equals itself.</summary>
    internal static bool SameValue(ContextValue left, ContextValue right)
    {
        if (left.Kind != right.Kind || left.Items.Length != right.Items.Length || left.Fields.Length != right.Fields.Length)
        {
            return false;
        }

        for (var i = 0; i < left.Items.Length; i++)
        {
            if (!SameValue(left.Items[i], right.Items[i]))
            {
                return false;
            }
        }

        foreach (var field in left.Fields)
        {
            if (right.Find(field.Name) is not { } other || !SameValue(field.Value, other))
            {
                return false;
            }
        }

        return left.Boolean == right.Boolean && left.Number.Equals(right.Number) && left.Text == right.Text;
    }
}
