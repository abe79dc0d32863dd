using ControlZero.Cli.Agents;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Tests.Output;

public sealed class LimitRowsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 20, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, 100, "[....................]   0%")]
    [InlineData(1, 100_000, "[#...................]   1%")]
    [InlineData(50, 100, "[##########..........]  50%")]
    [InlineData(99_999, 100_000, "[###################.]  99%")]
    [InlineData(100, 100, "[####################] 100%")]
    [InlineData(250, 100, "[####################] 100%")]
    [InlineData(0, 0, "[####################] 100%")]
    public void Bar_IsFullOnlyWhenNothingIsLeftAndEmptyOnlyWhenNothingWasUsed(long used, long limit, string expected) =>
        Assert.Equal(expected, LimitRows.Bar(used, limit));

    [Theory]
    [InlineData(5_000_000_000, "nano_usd", "$5.00")]
    [InlineData(1, "nano_usd", "$0.000000001")]
    [InlineData(1_234_500_000_000, "nano_usd", "$1,234.50")]
    [InlineData(2_000_000, "tokens", "2,000,000")]
    public void Amount_IsInItsUnit(long units, string unit, string expected) => Assert.Equal(expected, LimitRows.Amount(units, unit));

    [Fact]
    public void Of_ALimit_SaysWhatIsLeftAndWhenItResets()
    {
        var limit = new LimitState
        {
            Policy = "p", Name = "daily-usd", Metric = "cost_usd", Per = "agent", Window = "day", Unit = "nano_usd", Limit = 5_000_000_000, Used = 1_250_000_000,
            Remaining = 3_750_000_000, ResetsAt = Now.AddHours(3).AddMinutes(5).ToTimestamp(),
        };

        Assert.Equal(
            ["p/daily-usd", "agent", "day", "$1.25", "[#####...............]  25%", "$5.00", "$3.75", "in 3h 5m"], Assert.Single(LimitRows.Of([limit], Now)));
    }

    [Theory]
    [InlineData("500", 500)]
    [InlineData("-500", -500)]
    [InlineData("$2.50", 2_500_000_000)]
    [InlineData("-$0.000000001", -1)]
    public void ReadAmount_OfUnitsOrDollars_IsExact(string text, long units) => Assert.Equal(units, AdjustCommand.ReadAmount(text));

    [Theory]
    [InlineData("0")]
    [InlineData("1.5")]
    [InlineData("$0.0000000001")]
    [InlineData("1e3")]
    [InlineData("1000000000000001")]
    [InlineData("many")]
    public void ReadAmount_OfWhatIsNone_IsWrongUsage(string text) =>
        Assert.Contains(text, Assert.Throws<CommandFailure>(() => AdjustCommand.ReadAmount(text)).Message, StringComparison.Ordinal);
}
