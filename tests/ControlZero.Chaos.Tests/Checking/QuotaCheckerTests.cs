using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Checking;

public sealed class QuotaCheckerTests
{
    private const string Own = "spend:own";
    private const string Shared = "spend:shared";
    private static readonly QuotaChecker Checker = new();
    private static readonly Answer OwnUnit = Story.Charged("own", 6_000);
    private static readonly Answer SharedUnit = Story.Charged("shared", 6_000);

    [Fact]
    public void Grant_AboveAnAgentsLimit_IsFound()
    {
        var story = new Story().Spend(Own, OwnUnit).Spend(Own, OwnUnit);
        Assert.Empty(Checker.Check(story.History));

        story.Spend(Own, OwnUnit);
        Assert.Contains("granted 3 of 2 under `own`", Assert.Single(Checker.Check(story.History)).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Grant_AboveALimitThatAgentsShare_IsFound()
    {
        var story = new Story().Spend(Shared, SharedUnit, "a").Spend(Shared, SharedUnit, "b").Spend(Shared, SharedUnit, "c");
        Assert.Empty(Checker.Check(story.History));

        Assert.Single(Checker.Check(story.Spend(Shared, SharedUnit, "d").History));
    }

    [Fact]
    public void Grants_OfOtherAgentsAndWindows_AndRepeatedOnes_DoNotCountTogether()
    {
        var story = new Story().Spend(Own, OwnUnit).Spend(Own, OwnUnit)
            .Spend(Own, OwnUnit, "another")
            .Spend(Own, Story.Charged("own", 12_000))
            .Spend(Own, OwnUnit with { Replayed = true })
            .Spend(Own, OwnUnit with { Allowed = false, Reason = Answer.Exhausted });

        Assert.Empty(Checker.Check(story.History));
        Assert.Equal(1, QuotaChecker.Exhausted(story.History));
    }

    [Fact]
    public void Grant_ThatNamesNoWindow_IsFound() =>
        Assert.Contains(
            "without being charged under `own`",
            Assert.Single(Checker.Check(new Story().Spend(Own, OwnUnit with { Windows = null }).History)).What,
            StringComparison.Ordinal);
}
