using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Checking;

public sealed class StatusCheckerTests
{
    private static readonly StatusChecker Checker = new();

    [Theory]
    [InlineData("Internal")]
    [InlineData("Unknown")]
    [InlineData("Cancelled")]
    [InlineData("FailedPrecondition")]
    [InlineData("Aborted")]
    public void Status_ThatNoCallerIsToldOf_IsFound(string status) =>
        Assert.Single(Checker.Check(new Story().Ask(10, 11, null, status: status).Fault("kill", "Steady", 1, 20, 30).History));

    [Theory]
    [InlineData("Unavailable")]
    [InlineData("DeadlineExceeded")]
    public void Status_ThatMeansAnotherTry_IsNoViolation(string status) =>
        Assert.Empty(Checker.Check(new Story().Ask(10, 11, null, status: status).Fault("kill", "Steady", 1, 20, 30).History));

    [Fact]
    public void RefusalOfAKey_ThatNobodyHadRevokedYet_IsFound()
    {
        Assert.Single(Checker.Check(new Story().Ask(10, 11, null, status: Story.Refused).History));
        Assert.Single(Checker.Check(new Story().Ask(10, 11, null, status: Story.Refused, key: Story.Key).Revoke(12, 13, Story.Key).History));
        Assert.Single(Checker.Check(new Story().Ask(20, 21, null, status: Story.Refused, key: "another00000").Revoke(12, 13, Story.Key).History));
    }

    [Theory]
    [InlineData("")]
    [InlineData("DeadlineExceeded")]
    public void RefusalOfAKey_FromTheSendingOfItsRevocation_IsNoViolation(string ended) =>
        Assert.Empty(Checker.Check(new Story().Revoke(10, 30, Story.Key, status: ended).Ask(9, 11, null, status: Story.Refused, key: Story.Key).History));

    [Fact]
    public void Conflict_OfAPublish_IsNoViolation() =>
        Assert.Empty(Checker.Check(new Story().Change(10, 11, Operation.Publish, 0, document: 2, status: "Aborted").History));

    [Fact]
    public void FailureAtAClientWithAllAddresses_WhileServersAreOnlyToldToStop_IsFound()
    {
        var story = new Story().Ask(10, 11, Story.Allow, server: 2).Ask(10, 11, null, status: "Unavailable", server: 0);

        Assert.Empty(Checker.Check(new Story().Ask(10, 11, null, status: "Unavailable", server: 0).Fault("term", "Steady", 1, 20, 30).History));
        Assert.Single(Checker.Check(story.Fault("term", "Steady", 1, 20, 30).History));
        Assert.Empty(Checker.Check(story.Fault("kill", "Steady", 1, 20, 30).History));
    }
}
