using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Checking;

public sealed class EpochCheckerTests
{
    private static readonly EpochChecker Checker = new(TimeSpan.FromSeconds(2));

    [Fact]
    public void Decision_UnderAnOlderEpochThanTheQuestionCarries_IsFound() =>
        Assert.Contains("decided under epoch 2", Assert.Single(Checker.Check(new Story().Ask(10, 11, Story.Allow, epoch: 2, min: 3).History)).What, StringComparison.Ordinal);

    [Fact]
    public void Decision_UnderAnOlderEpochThanItCarries_IsFoundOfATenantThatAllowsStaleToo()
    {
        var story = new Story().Fault("storage", "Steady", 1, 100, 200).Ask(10, 11, Story.Allow, epoch: 2, min: 3, tenant: Story.Stale);

        Assert.Single(Checker.Check(story.History));
    }

    [Fact]
    public void Decision_ByWhatWasReplacedLongerAgoThanTheBound_IsFoundWhetherItAllowsOrDenies()
    {
        var story = new Story().Change(100, 110, Operation.Publish, 3, document: 2, version: 2).Ask(2_111, 2_112, Story.Allow).Ask(2_111, 2_112, Story.Deny);

        Assert.Equal(2, Checker.Check(story.History).Count());
    }

    [Fact]
    public void Decision_WithinTheBound_OrByAServerThatDoesNotKnow_OrThatSomebodyIsSuspended_IsNoViolation()
    {
        var story = new Story().Change(100, 110, Operation.Publish, 3, document: 2, version: 2)
            .Ask(2_109, 2_300, Story.Allow)
            .Ask(5_000, 5_001, Story.DoesNotKnow)
            .Ask(5_000, 5_001, Story.Suspended);

        Assert.Empty(Checker.Check(story.History));
    }

    [Fact]
    public void Change_OfUnknownOutcome_PromisesNothing()
    {
        var story = new Story().Change(100, 110, Operation.Publish, 0, document: 2, status: "Unavailable").Ask(9_000, 9_001, Story.Allow);

        Assert.Empty(Checker.Check(story.History));
    }
}
