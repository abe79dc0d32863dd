using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class AgentTests : ClientTest
{
    private static readonly EnforceQuery Query = new() { Action = "llm.generate" };

    [Theory]
    [InlineData("of-call", "of-options", "of-environment", "of-call")]
    [InlineData(null, "of-options", "of-environment", "of-options")]
    [InlineData("", null, "of-environment", "of-environment")]
    [InlineData(null, null, null, "of-key")]
    public async Task Agent_SeveralSources_TheNearestIsUsed(string? ofCall, string? ofOptions, string? ofEnvironment, string expected)
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow()).On<GetStatusRequest>(_ => Answers.Status("of-key"));
        (string, string)[] environment = ofEnvironment is null ? [] : [("CONTROLZERO_AGENT_ID", ofEnvironment)];

        await Client(options => options.AgentId = ofOptions, null, environment).CheckAsync(Query with { AgentId = ofCall });

        Assert.Equal(expected, Cluster.Received<EnforceRequest>().Single().AgentId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("team-*")]
    [InlineData("agent-[12]")]
    [InlineData("agent-?")]
    [InlineData("a,b")]
    public async Task Agent_NoSource_IsAnErrorThatNamesAllFour(string binding)
    {
        Cluster.On<GetStatusRequest>(_ => Answers.Status(binding.Split(',', StringSplitOptions.RemoveEmptyEntries)));
        var client = Client(options => { options.AgentId = null; options.OnUnavailable = OnUnavailable.Allow; });

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => client.CheckAsync(Query));

        Assert.Equal((StatusCode.InvalidArgument, "FIELD_REQUIRED"), (error.StatusCode, error.Reason));
        Assert.Equal("agent_id", Assert.Single(error.Violations).Field);
        Assert.All(
            ["in the call", "in the options", "`CONTROLZERO_AGENT_ID`", "a key that is bound to exactly one agent"],
            source => Assert.Contains(source, error.Message, StringComparison.Ordinal));
        Assert.Empty(Cluster.Received<EnforceRequest>());
    }

    [Fact]
    public async Task Agent_OfTheKey_IsAskedForOnce()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow()).On<GetStatusRequest>(_ => Answers.Status("of-key"));
        var client = Client(options => options.AgentId = null);

        await client.InitializeAsync();
        await client.CheckAsync(Query);
        await client.CheckAsync(Query);

        Assert.Single(Cluster.Received<GetStatusRequest>());
        Assert.Equal(["of-key", "of-key"], Cluster.Received<EnforceRequest>().Select(request => request.AgentId));
    }

    [Fact]
    public async Task Agent_OfTheKeyCannotBeAskedFor_IsNoDecision()
    {
        Cluster.Fail<GetStatusRequest>(Answers.Error(StatusCode.Unavailable));

        var decision = await Client(options => { options.AgentId = null; options.MaxAttempts = 1; }).CheckAsync(Query);

        Assert.Equal((false, "STATE_UNAVAILABLE"), (decision.Allowed, decision.ReasonCode));
    }

    [Fact]
    public async Task Initialize_WrongKey_Throws()
    {
        Cluster.Fail<GetStatusRequest>(Answers.Error(StatusCode.Unauthenticated, "the key is not valid", "KEY_INVALID"));

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Client().InitializeAsync());

        Assert.Equal((StatusCode.Unauthenticated, "KEY_INVALID"), (error.StatusCode, error.Reason));
    }

    [Fact]
    public async Task Initialize_NobodyAnswers_ThrowsWithUrlAndRemedy()
    {
        Cluster.Fail<GetStatusRequest>(Answers.Error(StatusCode.Unavailable));

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Client(options => options.MaxAttempts = 1).InitializeAsync());

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains($"no answer from `{Cluster.Url}`; start the cluster or set `CONTROLZERO_URL`", error.Message, StringComparison.Ordinal);
    }
}
