using System.Text.Json;
using ControlZero.Client.AI.Tests.Providers;
using ControlZero.Protocol.V1;
using Microsoft.Extensions.AI;
using OpenAI.Chat;

namespace ControlZero.Client.AI.Tests.Chat;

public sealed class ChatModelTests : AITest
{
    [Fact]
    public async Task Chat_AllowedModel_ReachesTheProvider()
    {
        var response = await Chat().GetResponseAsync("hi");

        Assert.Equal(ProviderAnswers.Text, response.Text);
        Assert.Equal([("llm.generate", $"model/{Allowed}")], Asked);
        Assert.Empty(Assert.Single(Cluster.Received<EnforceRequest>()).CandidateResources);
        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public async Task Chat_DeniedModel_NeverReachesTheProvider()
    {
        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Chat(Denied).GetResponseAsync("hi"));

        Assert.Equal("NO_RULE_MATCH", error.Decision.ReasonCode);
        Assert.Equal($"model/{Denied}", error.Query.Resource);
        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Chat_ModelOfTheOptions_IsAskedForAndSent()
    {
        await Chat(Denied).GetResponseAsync("hi", new ChatOptions { ModelId = Allowed });

        Assert.Equal([("llm.generate", $"model/{Allowed}")], Asked);
        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public async Task Chat_OptionsOfTheCaller_AreNotChanged()
    {
        var options = new ChatOptions { Temperature = 0.5f };

        await Chat().GetResponseAsync("hi", options);

        Assert.Null(options.ModelId);
        Assert.Null(options.RawRepresentationFactory);
        Assert.Equal(0.5, Provider.Requests[0].Body!["temperature"]!.GetValue<double>());
    }

    [Fact]
    public async Task Chat_NoModelAnywhere_IsRefusedWithTheRemedy()
    {
        var chat = new ChatClientBuilder(new ModellessChatClient()).UseControlZero(client: ControlZero).Build();

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => chat.GetResponseAsync("hi"));

        Assert.Equal("FIELD_REQUIRED", error.Reason);
        Assert.Contains("set ModelId of the ChatOptions", error.Message, StringComparison.Ordinal);
        Assert.Empty(Asked);
    }

    [Fact]
    public async Task Chat_AgentAndContext_AreAskedFor()
    {
        var chat = new ChatClientBuilder(ProviderChat())
            .UseControlZero("support-bot", options => options.Context = new Dictionary<string, object?> { ["team"] = "red" }, ControlZero)
            .Build();

        await chat.GetResponseAsync("hi");

        var asked = Assert.Single(Cluster.Received<EnforceRequest>());
        Assert.Equal(("support-bot", "red"), (asked.AgentId, asked.Context.Fields["team"].StringValue));
    }

    [Fact]
    public async Task Chat_ConfiguredWords_AreAskedWith()
    {
        Permit($"llm:{Allowed}");

        await Chat(configure: options => (options.GenerateAction, options.ModelPrefix) = ("chat:complete", "llm:")).GetResponseAsync("hi");

        Assert.Equal([("chat:complete", $"llm:{Allowed}")], Asked);
    }

    [Theory]
    [MemberData(nameof(ModelLists))]
    public async Task Chat_ModelsOfAdditionalProperties_AreAskedForWhole(object models)
    {
        var options = new ChatOptions { AdditionalProperties = new() { ["models"] = models, ["on_done"] = (Action)(() => { }) } };

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Chat().GetResponseAsync("hi", options));

        var asked = Assert.Single(Cluster.Received<EnforceRequest>());
        Assert.Equal(("llm.generate", ""), (asked.Action, asked.Resource));
        Assert.Equal([$"model/{Allowed}", $"model/{AlsoAllowed}", $"model/{Denied}"], asked.CandidateResources);
        Assert.Equal($"model/{Denied}", error.Decision.DeniedResource);
        Assert.StartsWith($"`llm.generate` on `model/{Denied}` is denied", error.Message, StringComparison.Ordinal);
        Assert.Empty(Provider.Requests);
    }

    public static TheoryData<object> ModelLists() =>
    [
        new[] { AlsoAllowed, Denied },
        new List<object> { AlsoAllowed, Denied },
        JsonSerializer.SerializeToElement(new[] { AlsoAllowed, Denied }),
    ];

    [Theory]
    [InlineData("models", "not a list")]
    [InlineData("models", 7)]
    [InlineData("model", 7)]
    [InlineData("Models", "not a list")]
    [InlineData("preset", "")]
    public async Task Chat_ModelsThatCannotBeRead_AreRefused(string name, object value)
    {
        var options = new ChatOptions { AdditionalProperties = new() { [name] = value } };

        await Assert.ThrowsAsync<ControlZeroException>(() => Chat().GetResponseAsync("hi", options));

        Assert.Empty(Asked);
        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Chat_RawRequestWithModels_IsAskedForWholeAndSent()
    {
        var options = new ChatOptions { RawRepresentationFactory = _ => Raw($$"""["{{AlsoAllowed}}"]""") };

        await Chat().GetResponseAsync("hi", options);

        Assert.Equal([$"model/{Allowed}", $"model/{AlsoAllowed}"], Asked.Select(asked => asked.Resource));
        Assert.Equal(AlsoAllowed, Provider.Requests[0].Body!["models"]![0]!.GetValue<string>());
        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public async Task Chat_RawRequestWithDeniedFallback_NeverReachesTheProvider()
    {
        var options = new ChatOptions { RawRepresentationFactory = _ => Raw($$"""["{{Denied}}"]""") };

        await Assert.ThrowsAsync<PolicyDeniedException>(() => Chat().GetResponseAsync("hi", options));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Chat_RawRequestWithDeniedModel_NeverReachesTheProvider()
    {
        var options = new ChatOptions { ModelId = Allowed, RawRepresentationFactory = _ => Raw(model: Denied) };

        await Assert.ThrowsAsync<PolicyDeniedException>(() => Chat().GetResponseAsync("hi", options));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Chat_RawRequestThatChangesAfterTheQuestion_IsRefused()
    {
        var made = 0;
        var options = new ChatOptions { RawRepresentationFactory = _ => Raw(model: made++ == 0 ? Allowed : Denied) };

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Chat().GetResponseAsync("hi", options));

        Assert.Equal("FIELD_VALUE", error.Reason);
        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Chat_RawRequestThatCannotBeRead_IsRefusedUnlessTheProgramSaysOtherwise()
    {
        var options = new ChatOptions { RawRepresentationFactory = _ => new object() };

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Chat().GetResponseAsync("hi", options));
        await Chat(configure: chosen => chosen.AllowUnreadableRawRequests = true).GetResponseAsync("hi", options);

        Assert.Contains("AllowUnreadableRawRequests", error.Message, StringComparison.Ordinal);
        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public async Task Chat_ResponsesClient_ModelOfTheOptionsIsAskedForAndSent()
    {
        var chat = new ChatClientBuilder(OpenAI().GetResponsesClient().AsIChatClient(Denied)).UseControlZero(client: ControlZero).Build();

        var response = await chat.GetResponseAsync("hi", new ChatOptions { ModelId = Allowed });
        await Assert.ThrowsAsync<PolicyDeniedException>(() => chat.GetResponseAsync("hi"));

        Assert.Equal(ProviderAnswers.Text, response.Text);
        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public async Task Chat_ResponsesClientWithDeniedModelInTheRawRequest_NeverReachesTheProvider()
    {
        var chat = new ChatClientBuilder(OpenAI().GetResponsesClient().AsIChatClient(Allowed)).UseControlZero(client: ControlZero).Build();
        var options = new ChatOptions { RawRepresentationFactory = _ => new OpenAI.Responses.CreateResponseOptions { Model = Denied } };

        await Assert.ThrowsAsync<PolicyDeniedException>(() => chat.GetResponseAsync("hi", options));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Chat_ClusterGone_IsADenyAndNeverReachesTheProvider()
    {
        await Cluster.DisposeAsync();

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Chat().GetResponseAsync("hi"));

        Assert.Equal("STATE_UNAVAILABLE", error.Decision.ReasonCode);
        Assert.Empty(Provider.Requests);
    }

    private static ChatCompletionOptions Raw(string? models = null, string? model = null)
    {
        var raw = new ChatCompletionOptions();
        if (models is not null)
        {
            raw.Patch.Set("$.models"u8, BinaryData.FromString(models));
        }

        if (model is not null)
        {
            raw.Patch.Set("$.model"u8, model);
        }

        return raw;
    }

    private sealed class ModellessChatClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("it must not be reached");

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("it must not be reached");

        public object? GetService(Type serviceType, object? serviceKey) => null;

        public void Dispose()
        {
        }
    }
}
