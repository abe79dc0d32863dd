using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Checking;

public sealed class SuspensionCheckerTests
{
    private static readonly SuspensionChecker Checker = new(TimeSpan.FromSeconds(2));

    [Fact]
    public void Allow_SentLaterThanTheBoundAfterTheAcknowledgement_IsFound()
    {
        var story = new Story().Suspend(100, 110, 3).Ask(2_111, 2_115, Story.Allow);

        Assert.Contains("allowed 2001.0 ms after the acknowledgement", Assert.Single(Checker.Check(story.History)).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Allow_SentWithinTheBound_IsTheLatestAndNoViolation()
    {
        var story = new Story().Suspend(100, 110, 3).Ask(2_110, 9_000, Story.Allow).Ask(3_000, 3_001, Story.Suspended, epoch: 3);

        Assert.Empty(Checker.Check(story.History));
        Assert.Equal(2_000_000, Checker.Latest(story.History));
    }

    [Fact]
    public void Allow_OfATenantThatIsSuspended_IsFound() =>
        Assert.Single(Checker.Check(new Story().Change(100, 110, Operation.SuspendTenant, 3).Ask(5_000, 5_001, Story.Allow).History));

    [Theory]
    [InlineData("model/vendor/m0", 1)]
    [InlineData("model/VENDOR/m0", 1)]
    [InlineData("model/vendor/*", 1)]
    [InlineData("model/vendor/m1", 0)]
    public void Allow_OfAModelThatIsSuspended_IsFound(string pattern, int found)
    {
        var story = new Story().Change(100, 110, Operation.SuspendModel, 3, model: pattern).Ask(5_000, 5_001, Story.Allow);
        Assert.Equal(found, Checker.Check(story.History).Count());

        Assert.Equal(found, Checker.Check(story.Change(200, 210, Operation.ResumeModel, 4, model: "model/another/m0").History).Count());
        Assert.Empty(Checker.Check(story.Change(300, 310, Operation.ResumeModel, 5, model: pattern).History));
    }

    [Fact]
    public void Allow_AfterAResumptionWasSent_IsNoViolation() =>
        Assert.Empty(Checker.Check(new Story().Suspend(100, 110, 3).Resume(4_000, 4_010, 4).Ask(3_999, 4_001, Story.Allow).History));

    [Fact]
    public void Allow_WhenAnOldResumptionMayStillHappen_IsNoViolation()
    {
        var story = new Story().Suspend(10, 20, 3).Resume(30, 5_000, 0, status: "DeadlineExceeded").Suspend(5_010, 5_020, 4).Ask(9_000, 9_001, Story.Allow);

        Assert.Empty(Checker.Check(story.History));
    }

    [Fact]
    public void Suspension_ThatWasNotAcknowledged_PromisesNothing() =>
        Assert.Empty(Checker.Check(new Story().Suspend(100, 110, 0, status: "Unavailable").Ask(9_000, 9_001, Story.Allow).History));

    [Fact]
    public void Allow_OfATenantThatAllowsStale_IsFoundInPeaceAndNotUnderAFault()
    {
        var story = new Story().Suspend(100, 110, 3, Story.Stale).Ask(3_000, 3_001, Story.Allow, tenant: Story.Stale);
        Assert.Single(Checker.Check(story.History));

        story.Fault("storage", "Steady", 50, 3_500, 3_600);
        Assert.Empty(Checker.Check(story.History));
    }
}
