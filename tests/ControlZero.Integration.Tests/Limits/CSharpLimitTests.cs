using System.ClientModel;
using System.ClientModel.Primitives;
using ControlZero.Client;
using ControlZero.Client.AI;
using ControlZero.Client.AI.Tests.Providers;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

namespace ControlZero.Integration.Tests.Limits;

/// <summary>Both ways a C# program is governed, end to end: the OpenAI package, a provider, and a server that charges.</summary>
public sealed class CSharpLimitTests(LimitedServer limited) : IClassFixture<LimitedServer>, IAsyncLifetime
{
    private FakeProvider _provider = null!;

    public async Task InitializeAsync() => _provider = await FakeProvider.StartAsync();

    public async Task DisposeAsync() => await _provider.DisposeAsync();

    public static TheoryData<bool, bool> Ways => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Call_ThatIsAnswered_IsReservedAndSettledToWhatItUsed(bool isPipeline, bool isStream)
    {
        var agent = Agent("used", isPipeline, isStream);

        await CallAsync(agent, isPipeline, isStream);

        Assert.Equal((7, LimitedServer.Cost), await limited.UsedAsync(agent));
        Assert.Equal(["RULE_MATCH", "SETTLED"], await limited.EventsAsync(agent));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Call_PastALimit_IsDeniedAndSaysWhenToAskAgain(bool isPipeline, bool isStream)
    {
        var agent = Agent("spent", isPipeline, isStream);
        await CallAsync(agent, isPipeline, isStream);

        var tokens = await Assert.ThrowsAsync<PolicyDeniedException>(() => CallAsync(agent, isPipeline, isStream, maxTokens: 995));

        Assert.Equal("QUOTA_EXCEEDED", tokens.Decision.ReasonCode);
        Assert.True(tokens.Decision.RetryAfter > TimeSpan.Zero);
        Assert.Equal((7, 993), tokens.Decision.Limits.Where(limit => limit.Name == "tokens").Select(limit => (limit.Used, limit.Remaining)).Single());
        Assert.Single(_provider.Requests);

        Assert.Equal((7, LimitedServer.Cost), await limited.UsedAsync(agent));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Call_PastTheBudget_IsDenied(bool isPipeline, bool isStream)
    {
        var agent = Agent("dear", isPipeline, isStream);

        await CallAsync(agent, isPipeline, isStream);

        var denied = await Assert.ThrowsAsync<PolicyDeniedException>(() => CallAsync(agent, isPipeline, isStream));

        Assert.Equal("BUDGET_EXCEEDED", denied.Decision.ReasonCode);
        Assert.True(denied.Decision.RetryAfter > TimeSpan.Zero);
        Assert.Contains(denied.Decision.Limits, limit => limit is { Policy: "dear", Unit: "nano_usd", Limit: 440_000, Used: LimitedServer.Cost });
        Assert.Single(_provider.Requests);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Call_TheProviderRefuses_IsGivenBack(bool isPipeline, bool isStream)
    {
        var agent = Agent("refused", isPipeline, isStream);
        _provider.FailNext(400);

        await Assert.ThrowsAsync<ClientResultException>(() => CallAsync(agent, isPipeline, isStream));

        Assert.Equal((0, 0), await limited.UsedAsync(agent));
        Assert.Equal(["RULE_MATCH", "CANCELLED"], await limited.EventsAsync(agent));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Call_AnsweredByAnotherModel_IsRecordedAsDrift(bool isPipeline, bool isStream)
    {
        var agent = Agent("drift", isPipeline, isStream);
        _provider.AnsweringModel = "openai/gpt-4";

        await CallAsync(agent, isPipeline, isStream);

        Assert.Equal(["RULE_MATCH", "MODEL_DRIFT"], await limited.EventsAsync(agent));
        Assert.Equal(7, (await limited.UsedAsync(agent)).Tokens);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stream_UnderWay_HoldsItsPlaceUntilItIsLeft(bool isPipeline)
    {
        var agent = Agent("single", isPipeline, true);
        _provider.Answering = Answering.Held;
        await using (var client = Connect())
        {
            await using var updates = Stream(client, agent, isPipeline).GetAsyncEnumerator();
            Assert.True(await updates.MoveNextAsync());

            var denied = await Assert.ThrowsAsync<PolicyDeniedException>(() => CallAsync(agent, isPipeline, isStream: false));
            Assert.Equal("CONCURRENCY_EXCEEDED", denied.Decision.ReasonCode);
        }

        _provider.Answering = Answering.Whole;
        await CallAsync(agent, isPipeline, isStream: false);
        Assert.Equal(2, _provider.Requests.Count);
    }

    [Fact]
    public async Task GetAccess_OfNoResourceInParticular_ShowsTheModelsThatHaveAPrice()
    {
        var access = await limited.Server.Connect().GetAccessAsync(new AccessQuery { AgentId = "access" });

        Assert.Equal([($"model/{LimitedServer.Model}", true)], access.Resources.Select(entry => (entry.Resource, entry.Allowed)));
    }

    private static string Agent(string what, bool isPipeline, bool isStream) => $"{what}-{(isPipeline ? "pipeline" : "chat")}-{(isStream ? "stream" : "whole")}";

    private ControlZeroClient Connect() => new(new ControlZeroClientOptions { Url = limited.Server.Url, ApiKey = limited.Server.AdminKey, Timeout = TimeSpan.FromSeconds(60) });

    /// <summary>One call, settled when it returns.</summary>
    private async Task CallAsync(string agent, bool isPipeline, bool isStream, int? maxTokens = null, string prompt = "hi")
    {
        await using var client = Connect();
        if (isStream)
        {
            await foreach (var _ in Stream(client, agent, isPipeline, maxTokens, prompt))
            {
            }
        }
        else if (isPipeline)
        {
            await Governed(client, agent).CompleteChatAsync([new UserChatMessage(prompt)], Options(maxTokens));
        }
        else
        {
            await Chat(client, agent).GetResponseAsync(prompt, new() { MaxOutputTokens = maxTokens });
        }
    }

    private async IAsyncEnumerable<string> Stream(ControlZeroClient client, string agent, bool isPipeline, int? maxTokens = null, string prompt = "hi")
    {
        if (isPipeline)
        {
            await foreach (var update in Governed(client, agent).CompleteChatStreamingAsync([new UserChatMessage(prompt)], Options(maxTokens)))
            {
                yield return string.Concat(update.ContentUpdate.Select(part => part.Text));
            }

            yield break;
        }

        await foreach (var update in Chat(client, agent).GetStreamingResponseAsync(prompt, new() { MaxOutputTokens = maxTokens }))
        {
            yield return update.Text;
        }
    }

    private static ChatCompletionOptions Options(int? maxTokens) => new() { MaxOutputTokenCount = maxTokens };

    private IChatClient Chat(ControlZeroClient client, string agent) =>
        new ChatClientBuilder(OpenAI(_ => { }).AsIChatClient()).UseControlZero(agent, client: client).Build();

    private ChatClient Governed(ControlZeroClient client, string agent) => OpenAI(options => options.AddControlZero(client, agent));

    private ChatClient OpenAI(Action<OpenAIClientOptions> configure)
    {
        var options = new OpenAIClientOptions { Endpoint = _provider.Url, RetryPolicy = new ClientRetryPolicy(0) };
        configure(options);
        return new OpenAIClient(new ApiKeyCredential("provider-key"), options).GetChatClient(LimitedServer.Model);
    }
}
