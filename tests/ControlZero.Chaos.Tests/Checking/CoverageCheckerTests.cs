using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Checking;

public sealed class CoverageCheckerTests
{
    private static readonly CoverageChecker Checker = new();

    private static Story Whole => new Story()
        .Ask(10, 11, Story.Allow, min: 2)
        .Ask(10, 11, Story.Deny, server: 0)
        .Ask(10, 11, Story.Suspended)
        .Ask(10, 11, Story.Suspended with { Reason = "TENANT_SUSPENDED" })
        .Spend("spend:own", Story.Charged("own", 6_000))
        .Spend("spend:own", Story.Charged("own", 6_000) with { Allowed = false, Reason = Answer.Exhausted })
        .Line(new RecordLine { Kind = LineKind.Plan, At = 0, Fault = "kill", Phase = nameof(Operation.Publish) })
        .Change(100, 110, Operation.Publish, 3, document: 2);

    [Fact]
    public void Fault_InItsPhase_IsNoViolation() => Assert.Empty(Checker.Check(Whole.Fault("kill", nameof(Operation.Publish), 105, 200, 300).History));

    [Fact]
    public void Fault_ThatNeverCame_OrMissedItsPhase_OrWasAnother_IsFound()
    {
        Assert.Single(Checker.Check(Whole.History));
        Assert.Single(Checker.Check(Whole.Fault("kill", nameof(Operation.Publish), 111, 200, 300).History));
        Assert.Single(Checker.Check(Whole.Fault("term", nameof(Operation.Publish), 105, 200, 300).History));
    }

    [Fact]
    public void Record_WithNothingToCheck_IsFound() => Assert.Equal(6, Checker.Check(new Story().History).Count());

    [Fact]
    public void Models_ThatWereSuspendedAndNotAskedAbout_AreFound() => Assert.Equal(
        "no question was denied as of a model that is suspended",
        Assert.Single(Checker.Check(Whole.Fault("kill", nameof(Operation.Publish), 105, 200, 300).Change(400, 410, Operation.SuspendModel, 4, model: "model/vendor/m5").History)).What);

    [Fact]
    public void Keys_ThatWereRevokedAndNotUsedBeforeAndAfter_AreFound()
    {
        var story = Whole.Fault("kill", nameof(Operation.Publish), 105, 200, 300).Revoke(400, 410, Story.Key).Ask(10, 11, Story.Allow, key: "another00000");

        Assert.Equal(
            ["no question was allowed with a key before it was revoked", "no question was refused because its key was revoked"],
            Checker.Check(story.History).Select(found => found.What));
        Assert.Empty(Checker.Check(story.Ask(390, 391, Story.Allow, key: Story.Key).Ask(420, 421, null, status: Story.Refused, key: Story.Key).History));
    }

    [Fact]
    public void Limits_ThatNobodyWasChargedUnderOrExhausted_AreFound() => Assert.Equal(
        ["no question was charged under a limit", "no question was denied as nothing was left of a limit"],
        Checker.Check(new Story().Spend("spend:own", Story.Deny).History).Select(found => found.What).Where(what => what.Contains("limit", StringComparison.Ordinal)));
}
