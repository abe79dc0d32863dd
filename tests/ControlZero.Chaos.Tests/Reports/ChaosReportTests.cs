using ControlZero.Chaos.Reports;

namespace ControlZero.Chaos.Tests.Reports;

public sealed class ChaosReportTests
{
    /// <summary>Whoever is told that his key is revoked was answered: neither did the call fail, nor was the agent without a decision.</summary>
    [Fact]
    public void Refusal_OfARevokedKey_IsNoQuestionWithoutADecision()
    {
        var story = new Story().Fault("kill", "Steady", 1_000, 1_500, 2_000)
            .Revoke(100, 110, Story.Key)
            .Ask(200, 201, null, status: Story.Refused, key: Story.Key)
            .Ask(1_100, 1_101, null, status: "Unavailable", server: 0)
            .Ask(1_400, 1_900, null, status: Story.Refused, server: 0, key: Story.Key)
            .Ask(1_950, 1_960, null, status: "Unavailable", server: 0);

        var report = ChaosReport.Of("", "", [], story.History, []);

        Assert.Equal((0, 1, 0), (report.FailedInPeace, report.RevokedKeys, report.LatestRevokedAllowMs));
        Assert.Equal((860, 460), (report.Faults.Single().UnavailableMs, report.Faults.Single().RecoveryMs));
    }
}
