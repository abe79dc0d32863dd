using System.ClientModel;
using System.ClientModel.Primitives;
using ControlZero.Client.AI.Tests.Providers;
using ControlZero.Protocol.V1;
using OpenAI;
using OpenAI.Responses;

namespace ControlZero.Client.AI.Tests.Pipelines;

public sealed class PipelinePolicyTests : AITest
{
    public enum Call
    {
        Chat,
        ChatSync,
        ChatStream,
        ChatStreamSync,
        Response,
        ResponseStream,
        Embedding,
        EmbeddingSync,
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Pipeline_AllowedModel_ReachesTheProvider(Call call)
    {
        await MakeAsync(call, Allowed);

        var action = call is Call.Embedding or Call.EmbeddingSync ? "embedding.generate" : "llm.generate";
        Assert.Equal([(action, $"model/{Allowed}")], Asked);
        Assert.Equal([Allowed], Provider.Models);
        Assert.StartsWith("application/json", Assert.Single(Provider.Requests).ContentType, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Pipeline_DeniedModel_NeverReachesTheProvider(Call call)
    {
        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => MakeAsync(call, Denied));

        Assert.Equal("NO_RULE_MATCH", error.Decision.ReasonCode);
        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Pipeline_Retry_IsAskedAgainWithTheSameRequestId()
    {
        Provider.FailNext(500);
        var client = Governed(options => options.RetryPolicy = new ClientRetryPolicy(1));

        await client.GetChatClient(Allowed).CompleteChatAsync("hi");

        var asked = Cluster.Received<EnforceRequest>();
        Assert.Equal(2, asked.Count);
        Assert.Equal(asked[0].RequestId, asked[1].RequestId);
        Assert.Equal([Allowed, Allowed], Provider.Models);
    }

    [Fact]
    public async Task Pipeline_RetryOfARequestForSeveralModels_RepeatsTheWholeQuestion()
    {
        Provider.FailNext(500);
        var client = Governed(options => options.RetryPolicy = new ClientRetryPolicy(1));
        var body = $$"""{"model":"{{Allowed}}","models":["{{AlsoAllowed}}"],"messages":[{"role":"user","content":"hi"}]}""";

        await client.GetChatClient(Allowed).CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(body)));

        var asked = Cluster.Received<EnforceRequest>();
        Assert.Equal(2, asked.Count);
        Assert.Equal(asked[0], asked[1]);
    }

    [Fact]
    public async Task Pipeline_TwoRequests_HaveTheirOwnRequestIds()
    {
        var client = Governed().GetChatClient(Allowed);

        await client.CompleteChatAsync("hi");
        await client.CompleteChatAsync("hi");

        Assert.Equal(2, Cluster.Received<EnforceRequest>().Select(request => request.RequestId).Distinct().Count());
    }

    [Fact]
    public async Task Pipeline_AddedTwice_IsRefused()
    {
        var client = Governed(options => options.AddControlZero(ControlZero));

        await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetChatClient(Allowed).CompleteChatAsync("hi"));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Pipeline_PolicyThatChangesTheModelOnTheWay_IsAskedForWhatIsSent()
    {
        var client = Governed(options => options.AddPolicy(new ModelChange(Denied), PipelinePosition.PerTry));

        await Assert.ThrowsAsync<PolicyDeniedException>(() => client.GetChatClient(Allowed).CompleteChatAsync("hi"));

        Assert.Empty(Provider.Requests);
    }

    [Theory]
    [InlineData(UngovernedRequests.Pass, 1)]
    [InlineData(UngovernedRequests.Refuse, 0)]
    public async Task Pipeline_OtherRequest_IsSentOrRefusedAsChosen(UngovernedRequests choice, int sent)
    {
        var models = Governed(configure: options => options.UngovernedRequests = choice).GetOpenAIModelClient();

        var error = await Record.ExceptionAsync(() => models.GetModelsAsync());

        Assert.Equal(sent, Provider.Requests.Count);
        Assert.Equal(choice == UngovernedRequests.Refuse, error is ControlZeroException);
        Assert.Empty(Asked);
    }

    [Fact]
    public async Task Pipeline_CancelledToken_EndsBeforeAnythingIsSent()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Governed().GetChatClient(Allowed).CompleteChatAsync([new OpenAI.Chat.UserChatMessage("hi")], cancellationToken: cancellation.Token));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Pipeline_ManyAtOnce_EachIsDecidedForItself()
    {
        var client = Governed();
        var requests = Enumerable.Range(0, 40).Select(i => client.GetChatClient(i % 2 == 0 ? Allowed : Denied).CompleteChatAsync("hi"));

        var outcomes = await Task.WhenAll(requests.Select(request => Record.ExceptionAsync(() => request)));

        Assert.Equal(Enumerable.Range(0, 40).Select(i => i % 2 != 0), outcomes.Select(outcome => outcome is PolicyDeniedException));
        Assert.Equal(Enumerable.Repeat(Allowed, 20), Provider.Models);
    }

    [Fact]
    public void Pipeline_BlockingCallOnASingleThreadedContext_DoesNotWaitForItself()
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new DeafContext());
        try
        {
            var completion = Governed().GetChatClient(Allowed).CompleteChat("hi");

            Assert.Equal(ProviderAnswers.Text, completion.Value.Content[0].Text);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    public static TheoryData<Call> Calls() => [.. Enum.GetValues<Call>()];

    private OpenAIClient Governed(Action<OpenAIClientOptions>? also = null, Action<ControlZeroAIOptions>? configure = null) => OpenAI(options =>
    {
        options.AddControlZero(ControlZero, configure: configure);
        also?.Invoke(options);
    });

    private async Task MakeAsync(Call call, string model)
    {
        var client = Governed();
        switch (call)
        {
            case Call.Chat:
                await client.GetChatClient(model).CompleteChatAsync("hi");
                break;
            case Call.ChatSync:
                client.GetChatClient(model).CompleteChat("hi");
                break;
            case Call.ChatStream:
                await foreach (var update in client.GetChatClient(model).CompleteChatStreamingAsync("hi"))
                {
                    Assert.Equal(model, update.Model);
                }

                break;
            case Call.ChatStreamSync:
                Assert.Single(client.GetChatClient(model).CompleteChatStreaming("hi"));
                break;
            case Call.Response:
                await client.GetResponsesClient().CreateResponseAsync(model, "hi");
                break;
            case Call.ResponseStream:
                await foreach (var update in client.GetResponsesClient().CreateResponseStreamingAsync(model, "hi"))
                {
                    Assert.IsType<StreamingResponseCompletedUpdate>(update);
                }

                break;
            case Call.Embedding:
                await client.GetEmbeddingClient(model).GenerateEmbeddingAsync("text");
                break;
            default:
                client.GetEmbeddingClient(model).GenerateEmbedding("text");
                break;
        }
    }

    /// <summary>A part of the pipeline that sends another model than the program named.</summary>
    private sealed class ModelChange(string model) : PipelinePolicy
    {
        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) =>
            throw new InvalidOperationException("the test has no blocking calls");

        public override async ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Content = BinaryContent.Create(BinaryData.FromString($$"""{"model":"{{model}}","messages":[]}"""));
            await ProcessNextAsync(message, pipeline, currentIndex);
        }
    }

    /// <summary>A context whose one thread is busy: nothing posted to it ever runs.</summary>
    private sealed class DeafContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
