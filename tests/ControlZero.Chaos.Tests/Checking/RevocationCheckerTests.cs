using ControlZero.Chaos.Checking;

namespace ControlZero.Chaos.Tests.Checking;

public sealed class RevocationCheckerTests
{
    private static readonly RevocationChecker Checker = new(TimeSpan.FromSeconds(2));

    private static Story Revoked => new Story().Ask(50, 51, Story.Allow, key: Story.Key).Revoke(100, 110, Story.Key);

    [Fact]
    public void Allow_SentWithAKeyLaterThanTheBoundAfterItsAcknowledgedRevocation_IsFound()
    {
        var story = Revoked.Ask(2_111, 2_115, Story.Allow, key: Story.Key);

        Assert.Contains("allowed 2001.0 ms after the acknowledgement", Assert.Single(Checker.Check(story.History)).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Allow_SentWithinTheBound_IsTheLatestAndNoViolation()
    {
        var story = Revoked.Ask(2_110, 9_000, Story.Allow, key: Story.Key).Ask(3_000, 3_001, null, status: Story.Refused, key: Story.Key);

        Assert.Empty(Checker.Check(story.History));
        Assert.Equal(2_000_000, Checker.Latest(story.History));
        Assert.Equal(1, RevocationChecker.Revoked(story.History));
    }

    [Fact]
    public void Allow_AfterARevocationThatWasToldAgain_IsHeldToTheFirstAcknowledgement() =>
        Assert.Single(Checker.Check(Revoked.Revoke(4_000, 4_010, Story.Key).Ask(5_000, 5_001, Story.Allow, key: Story.Key).History));

    [Fact]
    public void Allow_AfterARevocationWhoseSecondSendingWasAcknowledged_IsFound() =>
        Assert.Single(Checker.Check(new Story().Revoke(100, 1_100, Story.Key, status: "DeadlineExceeded").Revoke(1_200, 1_210, Story.Key)
            .Ask(3_210, 3_211, Story.Allow, key: Story.Key).Ask(3_211, 3_212, Story.Allow, key: Story.Key).History));

    [Fact]
    public void Allow_WithAnotherKeyOfTheTenant_OrADeny_IsNoViolation() => Assert.Empty(Checker.Check(Revoked
        .Ask(5_000, 5_001, Story.Allow)
        .Ask(5_000, 5_001, Story.Allow, key: "another00000")
        .Ask(5_000, 5_001, Story.DoesNotKnow, key: Story.Key).History));

    [Fact]
    public void Revocation_ThatWasNotAcknowledged_PromisesNothing() =>
        Assert.Empty(Checker.Check(new Story().Revoke(100, 110, Story.Key, status: "Unavailable").Ask(9_000, 9_001, Story.Allow, key: Story.Key).History));

    [Fact]
    public void Allow_OfATenantThatAllowsStale_IsFoundInPeaceAndNotUnderAFault()
    {
        var story = new Story().Revoke(100, 110, Story.Key, Story.Stale).Ask(3_000, 3_001, Story.Allow, tenant: Story.Stale, key: Story.Key);
        Assert.Single(Checker.Check(story.History));

        story.Fault("storage", "Steady", 50, 3_500, 3_600);
        Assert.Empty(Checker.Check(story.History));
    }
}
