using System.Collections.Immutable;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Quotas;

public sealed class QuotaLimitTests
{
    [Theory]
    [InlineData("", "", "llm.generate", "model/a", true)]
    [InlineData("", "", "llm.generate", "", true)]
    [InlineData("", "model/*", "llm.generate", "model/a", true)]
    [InlineData("", "model/*", "llm.generate", "MODEL/a", true)]
    [InlineData("", "model/*", "llm.generate", "tool/a", false)]
    [InlineData("", "model/*", "github:list", "", false)]
    [InlineData("llm:*", "model/*", "llm.generate", "", true)]
    [InlineData("llm:*", "model/*", "LLM.Generate", "model/a", true)]
    [InlineData("llm:*", "", "github:list", "model/a", false)]
    [InlineData("llm.generate", "model/a", "llm:generate", "model/a", true)]
    [InlineData("*", "model/*", "github:list", "", false)]
    public void Applies_ByActionAndResource(string actions, string resources, string action, string resource, bool applies)
    {
        var limit = new QuotaLimit(
            QuotaScope.Agent, "p", "l", QuotaMetric.Requests, 1, QuotaWindow.Parse("1m"), List(actions), List(resources));

        Assert.Equal(applies, limit.Applies(action, resource));
    }

    [Fact]
    public void Key_SameLimitInOtherWords_IsTheSame()
    {
        var one = new QuotaLimit(QuotaScope.Agent, "p", "l", QuotaMetric.Requests, 1, QuotaWindow.Parse("1m"));
        var other = new QuotaLimit(QuotaScope.Agent, "p", "l", QuotaMetric.Requests, 2, QuotaWindow.Parse("60s"), ["llm:*"]);

        Assert.Equal(one.Key, other.Key);
        Assert.NotEqual(one.Key, new QuotaLimit(QuotaScope.Agent, "p", "l", QuotaMetric.Requests, 1, QuotaWindow.Parse("2m")).Key);
        Assert.NotEqual(one.Key, new QuotaLimit(QuotaScope.Tenant, "p", "l", QuotaMetric.Requests, 1, QuotaWindow.Parse("1m")).Key);
    }

    [Fact]
    public void New_WithAWindowForCallsInFlightOrNoneForOthers_Fails()
    {
        Assert.Throws<ArgumentException>(() => new QuotaLimit(QuotaScope.Agent, "p", "l", QuotaMetric.InFlight, 1, QuotaWindow.Parse("1m")));
        Assert.Throws<ArgumentException>(() => new QuotaLimit(QuotaScope.Agent, "p", "l", QuotaMetric.Requests, 1, null));
    }

    [Theory]
    [InlineData(3_000_000, 15_000_000, 1000, 500, 10_500_000)]
    [InlineData(1, 0, 1, 0, 1)]
    [InlineData(1, 0, 1001, 0, 2)]
    [InlineData(0, 0, 1000, 1000, 0)]
    [InlineData(long.MaxValue, 1, 1_000_000_000_000, 1, Limits.MoneyLimitMax + 1)]
    public void Cost_IsRoundedUpAndHasAnEnd(long input, long output, long inputTokens, long outputTokens, long cost) =>
        Assert.Equal(cost, new ModelPrice(input, output).Cost(inputTokens, outputTokens));

    private static ImmutableArray<string> List(string pattern) => pattern.Length == 0 ? [] : [pattern];
}
