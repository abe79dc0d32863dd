using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class CandidateTests : ClientTest
{
    private static readonly EnforceQuery Query = new() { Action = "llm.generate", CandidateResources = ["model/a", "model/b"] };

    [Fact]
    public async Task Check_Candidates_AreAskedForInOneQuestionAndInOrder()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());

        var decision = await Client().CheckAsync(Query with { Resource = "model/first" });

        var asked = Assert.Single(Cluster.Received<EnforceRequest>());
        Assert.Equal(("model/first", false), (asked.Resource, asked.DryRun));
        Assert.Equal(["model/a", "model/b"], asked.CandidateResources);
        Assert.Equal((true, null, false), (decision.Allowed, decision.DeniedResource, decision.DryRun));
    }

    [Fact]
    public async Task Check_CandidateThatIsNull_IsSentEmptyAndNotLeftOut()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());

        await Client().CheckAsync(Query with { CandidateResources = ["model/a", null!] });

        Assert.Equal(["model/a", ""], Assert.Single(Cluster.Received<EnforceRequest>()).CandidateResources);
    }

    [Fact]
    public async Task Enforce_OneCandidateDenied_NamesItInDecisionAndMessage()
    {
        Cluster.On<EnforceRequest>(_ => DenyOf("model/b", "no rule matched"));

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Client().EnforceAsync(Query));

        Assert.Equal("model/b", error.Decision.DeniedResource);
        Assert.Equal("`llm.generate` on `model/b` is denied (NO_RULE_MATCH): no rule matched", error.Message);
    }

    [Fact]
    public async Task Enforce_NoDecisionOnCandidates_TellsHowManyThereAre()
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable, "it is down"));

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Client(options => options.MaxAttempts = 1).EnforceAsync(Query));

        Assert.Null(error.Decision.DeniedResource);
        Assert.StartsWith("`llm.generate` on `model/a` and 1 more is denied (STATE_UNAVAILABLE): no decision arrived", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enforce_ReasonThatSaysDenied_IsTheMessageOnce()
    {
        Cluster.On<EnforceRequest>(_ => DenyOf("", "denied by rule `rule-4` of policy `models`"));

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Client().EnforceAsync("llm.generate", "model/x"));

        Assert.Equal("`llm.generate` on `model/x` is denied by rule `rule-4` of policy `models` (NO_RULE_MATCH)", error.Message);
    }

    [Fact]
    public async Task Check_DryRun_IsAskedForAndTold()
    {
        Cluster.On<EnforceRequest>(request =>
        {
            var answer = Answers.Allow();
            answer.DryRun = request.DryRun;
            return answer;
        });

        var decision = await Client().CheckAsync(Query with { DryRun = true });

        Assert.True(decision.DryRun);
        Assert.True(Assert.Single(Cluster.Received<EnforceRequest>()).DryRun);
    }

    [Fact]
    public async Task Check_DryRunWithoutADecision_IsStillADryRun()
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable));

        var decision = await Client(options => options.MaxAttempts = 1).CheckAsync(Query with { DryRun = true });

        Assert.Equal((false, true), (decision.Allowed, decision.DryRun));
    }

    private static EnforceResponse DenyOf(string resource, string reason)
    {
        var deny = Answers.Deny();
        (deny.DeniedResource, deny.Reason) = (resource, reason);
        return deny;
    }
}
