using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Tests.Evaluation;

/// <summary>That many rules cost as little as few is counted here, not timed: the rules a request is held against.</summary>
public class IndexFlatnessTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(1_000)]
    public void PatternIndex_OfExactAndPrefixPatterns_ShowsTheSameTwoOfAnyNumber(int rules)
    {
        var index = new PatternIndex([.. Enumerable.Range(0, rules).Select(rule => (rule, PatternSet.OfTexts([Pattern(rule)])))]);
        var seen = new Counter();

        index.Visit("model/vendor-8/name", default, ref seen);

        Assert.Equal(2, seen.Count);
    }

    // One model, then all models of its vendor.
    private static string Pattern(int rule) => rule % 2 == 0 ? $"model/vendor-{rule}/name" : $"model/vendor-{rule - 1}/*";

    private struct Counter : IRuleVisitor
    {
        public int Count { get; private set; }

        public readonly int Limit => int.MaxValue;

        public void Visit(int rule, in Query query) => Count++;
    }
}
