using System.Text.Json;
using ControlZero.Client.AI.Tests.Providers;
using ControlZero.Integration.Tests.Clients;
using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Limits;

/// <summary>The Node client's <c>wrapOpenAI</c>, end to end: the openai package, a provider, and a server that charges; and an open stream against it.</summary>
public sealed class NodeLimitTests(LimitedServer limited) : IClassFixture<LimitedServer>, IAsyncLifetime
{
    private FakeProvider _provider = null!;

    public async Task InitializeAsync()
    {
        await NodeBuild.EnsureAsync();
        _provider = await FakeProvider.StartAsync();
    }

    public async Task DisposeAsync() => await _provider.DisposeAsync();

    [Theory]
    [InlineData("whole")]
    [InlineData("stream")]
    public async Task Call_ThatIsAnswered_IsReservedAndSettledToWhatItUsed(string call)
    {
        var said = await CallAsync($"node-used-{call}", call);

        Assert.Equal(ProviderAnswers.Text, said[0].GetProperty("said").GetString());
        Assert.Equal((7, LimitedServer.Cost), await limited.UsedAsync($"node-used-{call}"));
        Assert.Equal(["RULE_MATCH", "SETTLED"], await limited.EventsAsync($"node-used-{call}"));
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("stream")]
    public async Task Call_PastTheBudget_IsDeniedAndSaysWhenToAskAgain(string call)
    {
        var said = await CallAsync($"dear-node-{call}", call, call);

        Assert.Equal("BUDGET_EXCEEDED", said[1].GetProperty("denied").GetString());
        Assert.True(said[1].GetProperty("retryAfterMs").GetDouble() > 0);
        Assert.Equal(3, said[1].GetProperty("limits").GetInt32());
        Assert.Single(_provider.Requests);
        Assert.Equal((7, LimitedServer.Cost), await limited.UsedAsync($"dear-node-{call}"));
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("stream")]
    public async Task Call_TheProviderRefuses_IsGivenBack(string call)
    {
        _provider.FailNext(400);

        var said = await CallAsync($"node-refused-{call}", call);

        Assert.Equal(400, said[0].GetProperty("failed").GetInt32());
        Assert.Equal((0, 0), await limited.UsedAsync($"node-refused-{call}"));
        Assert.Equal(["RULE_MATCH", "CANCELLED"], await limited.EventsAsync($"node-refused-{call}"));
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("stream")]
    public async Task Call_AnsweredByAnotherModel_IsRecordedAsDrift(string call)
    {
        _provider.AnsweringModel = "openai/gpt-4";

        await CallAsync($"node-drift-{call}", call);

        Assert.Equal(["RULE_MATCH", "MODEL_DRIFT"], await limited.EventsAsync($"node-drift-{call}"));
        Assert.Equal(7, (await limited.UsedAsync($"node-drift-{call}")).Tokens);
    }

    [Fact]
    public async Task Calls_OverOneStream_AreReservedSettledAndGivenBack()
    {
        const string Agent = "node-streamed";

        var said = (await NodeStream.RunAsync(limited.Server.Environment(Agent), "limits", LimitedServer.Model)).Single();

        Assert.Equal(
            (0, true, "ALREADY_EXISTS", "QUOTA_EXCEEDED", true),
            (said.GetProperty("wrong").GetInt32(), said.GetProperty("replayed").GetBoolean(), said.GetProperty("other").GetString(), said.GetProperty("denied").GetString(), said.GetProperty("isOpen").GetBoolean()));
        Assert.Equal((15 * 7, 15 * LimitedServer.Cost), await limited.UsedAsync(Agent));
        var events = await limited.EventsAsync(Agent);
        Assert.Equal((30, 16, 15), (events.Count(code => code == "RULE_MATCH"), events.Count(code => code == "SETTLED"), events.Count(code => code == "CANCELLED")));
    }

    /// <summary>Makes calls one after the other, each settled before the next.</summary>
    private async Task<JsonElement[]> CallAsync(string agent, params string[] calls)
    {
        var environment = limited.Server.Environment(agent);
        environment["OPENAI_BASE_URL"] = _provider.Url.ToString();
        environment["OPENAI_API_KEY"] = "provider-key";
        var run = await ChildProcess.RunAsync(
            "node",
            [Repository.At("tests", "ControlZero.Integration.Tests", "Limits", "calls.mjs"), Repository.NodeClient, LimitedServer.Model, .. calls],
            environment);
        return [.. run.With(exitCode: 0).Lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
