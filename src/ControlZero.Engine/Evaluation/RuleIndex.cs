namespace ControlZero.Engine.Evaluation;

/// <summary>
/// Finds the rules worth trying against a request. Every rule is filed under its actions or under its resources, whichever fewer rules share;
/// a request tries the rules filed under what it asks, and the first in order that decides is the answer that trying all would give.
/// </summary>
internal sealed class RuleIndex
{
    private readonly CompiledRule[] _rules;
    private readonly PatternIndex _byAction;
    private readonly PatternIndex _byResource;
    private readonly PatternIndex _withoutResource;
    private readonly PatternIndex _scopedByAction;

    /// <summary>Files the rules.</summary>
    public RuleIndex(CompiledRule[] rules)
    {
        _rules = rules;
        var byResource = WhichByResource(rules);
        _byResource = new PatternIndex([.. Which(i => byResource[i]).Select(i => (i, rules[i].Resources!))]);

        // Often the same rules: those of a policy without resources, or of denies alone.
        var (rest, takesAbsent, scoped) = (
            Which(i => !byResource[i]), Which(i => rules[i].TakesAbsentResource), Which(i => rules[i].Resources is not null));
        _byAction = FileByAction(rest);
        _withoutResource = takesAbsent.SequenceEqual(rest) ? _byAction : FileByAction(takesAbsent);
        _scopedByAction = scoped.SequenceEqual(rest) ? _byAction : scoped.SequenceEqual(takesAbsent) ? _withoutResource : FileByAction(scoped);
    }

    /// <summary>The first rule that decides, and its decision; null when none does.</summary>
    public int FindDeciding(in Query query, out Decision? decision)
    {
        var search = new FirstDeciding(_rules);
        if (query.HasResource)
        {
            _byResource.Visit(query.Resource, in query, ref search);
            VisitForms(_byAction, in query, ref search);
        }
        else
        {
            VisitForms(_withoutResource, in query, ref search);
        }

        decision = search.Decision;
        return search.Limit;
    }

    /// <summary>True when the action of a scoped rule matches and its resource does not.</summary>
    public bool AnySkipsAtResource(in Query query)
    {
        var search = new AnySkipping(_rules);
        VisitForms(_scopedByAction, in query, ref search);
        return search.Limit == 0;
    }

    private static void VisitForms<TVisitor>(PatternIndex index, in Query query, ref TVisitor visitor)
        where TVisitor : struct, IRuleVisitor
    {
        index.Visit(query.Action.First, in query, ref visitor);
        if (!query.Action.Second.IsEmpty)
        {
            index.Visit(query.Action.Second, in query, ref visitor);
        }
    }

    private static bool[] WhichByResource(CompiledRule[] rules)
    {
        var byResource = new bool[rules.Length];
        if (Array.Exists(rules, rule => rule.Resources is not null))
        {
            var actionKeys = new PatternKeyCounts(rules, rule => rule.Actions);
            var resourceKeys = new PatternKeyCounts(rules, rule => rule.Resources);
            for (var i = 0; i < rules.Length; i++)
            {
                byResource[i] = rules[i].Resources is { } resources
                    && resourceKeys.MostShared(resources) <= actionKeys.MostShared(rules[i].Actions);
            }
        }

        return byResource;
    }

    private int[] Which(Func<int, bool> includes) => [.. Enumerable.Range(0, _rules.Length).Where(includes)];

    private PatternIndex FileByAction(int[] rules) => new(Array.ConvertAll(rules, i => (i, _rules[i].Actions)));

    private struct FirstDeciding(CompiledRule[] rules) : IRuleVisitor
    {
        public Decision? Decision { get; private set; }

        public int Limit { get; private set; } = int.MaxValue;

        public void Visit(int rule, in Query query)
        {
            if (rules[rule].Try(in query).Decision is { } decision)
            {
                Decision = decision;
                Limit = rule;
            }
        }
    }

    private struct AnySkipping(CompiledRule[] rules) : IRuleVisitor
    {
        public int Limit { get; private set; } = int.MaxValue;

        public void Visit(int rule, in Query query)
        {
            if (rules[rule].SkipsAtResource(in query))
            {
                Limit = 0;
            }
        }
    }
}

/// <summary>Is shown the rules that a request might match.</summary>
internal interface IRuleVisitor
{
    /// <summary>Rules at or behind this position are of no interest any more.</summary>
    int Limit { get; }

    /// <summary>A rule that the request might match, and not yet found to.</summary>
    void Visit(int rule, in Query query);
}
