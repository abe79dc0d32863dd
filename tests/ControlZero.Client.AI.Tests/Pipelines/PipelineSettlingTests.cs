using System.ClientModel;
using System.ClientModel.Primitives;
using ControlZero.Client.AI.Tests.Providers;
using ControlZero.Protocol.V1;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;

namespace ControlZero.Client.AI.Tests.Pipelines;

public sealed class PipelineSettlingTests : SettlingTest
{
    private static readonly Usage Completion = new() { InputTokens = 3, OutputTokens = 4 };
    private static readonly Usage Response = new() { InputTokens = 5, OutputTokens = 6, CachedInputTokens = 2, ReasoningTokens = 1 };
    private static readonly Usage Embedding = new() { InputTokens = 1, OutputTokens = 0 };

    [Fact]
    public async Task Chat_AnsweredInEveryWay_SettlesEachOnceWithTheProvidersFigures()
    {
        var chat = Governed().GetChatClient(Allowed);

        await chat.CompleteChatAsync("hi");
        chat.CompleteChat("hi");
        await foreach (var update in chat.CompleteChatStreamingAsync("hi"))
        {
            Assert.Equal(Allowed, update.Model);
        }

        Assert.Single(chat.CompleteChatStreaming("hi"));

        Assert.Equal(Enumerable.Repeat(Settle("agent-1", Completion, $"model/{Allowed}"), 4), await SettledAsync());
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Response_AnsweredWholeAndStreamed_SettlesEachOnceWithTheProvidersFigures()
    {
        var responses = Governed().GetResponsesClient();

        await responses.CreateResponseAsync(Allowed, "hi");
        await foreach (var update in responses.CreateResponseStreamingAsync(Allowed, "hi"))
        {
            Assert.IsType<StreamingResponseCompletedUpdate>(update);
        }

        Assert.Equal(Enumerable.Repeat(Settle("agent-1", Response, $"model/{Allowed}"), 2), await SettledAsync());
    }

    [Fact]
    public async Task Embedding_ThatIsAnswered_SettlesWithNoTokensOfAnAnswer()
    {
        await Governed().GetEmbeddingClient(Allowed).GenerateEmbeddingAsync("text");

        Assert.Equal([Settle("agent-1", Embedding, $"model/{Allowed}")], await SettledAsync());
        Assert.True(Cluster.Received<SettleRequest>()[0].Usage.HasOutputTokens);
    }

    [Fact]
    public async Task Stream_ThatIsLeft_StaysCharged()
    {
        Provider.Answering = Answering.Held;

        await foreach (var update in Governed().GetChatClient(Allowed).CompleteChatStreamingAsync("hi"))
        {
            Assert.Equal("one", update.ContentUpdate[0].Text);
            break;
        }

        Assert.Equal([Settle("agent-1", null, $"model/{Allowed}")], await SettledAsync());
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Stream_ThatBreaksOff_StaysCharged()
    {
        Provider.Answering = Answering.BrokenOff;

        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await foreach (var _ in Governed().GetChatClient(Allowed).CompleteChatStreamingAsync("hi"))
            {
                Provider.BreaksOff.TrySetResult();
            }
        });

        Assert.Equal([Settle("agent-1", null, $"model/{Allowed}")], await SettledAsync());
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Request_ProviderThatRefuses_CancelsTheReservation()
    {
        Provider.FailNext(400);

        await Assert.ThrowsAsync<ClientResultException>(() => Governed().GetChatClient(Allowed).CompleteChatAsync("hi"));

        Assert.Empty(await SettledAsync());
        Assert.Equal([new CancelRequest { Token = "held", AgentId = "agent-1" }], Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Request_ProviderThatCannotBeReached_CancelsTheReservation()
    {
        var client = Governed();
        await Provider.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => client.GetChatClient(Allowed).CompleteChatAsync("hi"));

        Assert.Empty(await SettledAsync());
        Assert.Single(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Request_ConnectionLostBeforeTheAnswer_StaysCharged()
    {
        Provider.Answering = Answering.Gone;
        Provider.BreaksOff.SetResult();

        await Assert.ThrowsAnyAsync<ClientResultException>(() => Governed().GetChatClient(Allowed).CompleteChatAsync("hi"));

        Assert.Equal([Settle("agent-1", null, "")], await SettledAsync());
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Request_ThatIsGivenUp_StaysCharged()
    {
        Provider.Answering = Answering.Silent;
        using var cancellation = new CancellationTokenSource();

        var call = Governed().GetChatClient(Allowed).CompleteChatAsync([new UserChatMessage("hi")], cancellationToken: cancellation.Token);
        await Provider.Holds.Task;
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        Assert.Equal([Settle("agent-1", null, "")], await SettledAsync());
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retry_AttemptThatFailed_IsGivenBackBeforeTheNextIsAsked(bool isBlocking)
    {
        Provider.FailNext(500);
        var retry = new RetryAtOnce();
        var isGivenBack = false;
        retry.OnRetry = () => retry.SawGivenBack = Volatile.Read(ref isGivenBack);
        Cluster.On<CancelRequest>(async (_, _) =>
        {
            // As long as a pipeline that does not wait would need to come here.
            await Task.WhenAny(retry.Retries.Task, Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System));
            Volatile.Write(ref isGivenBack, true);
            return new CancelResponse();
        });
        var chat = Governed(options => options.RetryPolicy = retry).GetChatClient(Allowed);

        _ = isBlocking ? chat.CompleteChat("hi") : await chat.CompleteChatAsync("hi");

        await SettledAsync();
        Assert.True(retry.SawGivenBack);
        Assert.Equal(
            [typeof(EnforceRequest), typeof(CancelRequest), typeof(EnforceRequest), typeof(SettleRequest)],
            Cluster.Calls.Select(call => call.Message.GetType()));
    }

    [Fact]
    public async Task Estimate_OfARequest_CountsItsBytesAndItsBound()
    {
        await Governed().GetChatClient(Allowed).CompleteChatAsync([new UserChatMessage(new string('x', 3_000))], new() { MaxOutputTokenCount = 50 });
        await Governed().GetEmbeddingClient(Allowed).GenerateEmbeddingAsync(new string('x', 3_000));
        await Governed(configure: options => options.SendEstimates = false).GetChatClient(Allowed).CompleteChatAsync("hi");

        var estimates = Cluster.Received<EnforceRequest>().Select(request => request.Estimate).ToList();
        Assert.All(estimates.Take(2), estimate => Assert.InRange(estimate.InputTokens, 1_000, 1_100));
        Assert.Equal([50, 0], estimates.Take(2).Select(estimate => estimate.MaxOutputTokens));
        Assert.Null(estimates[2]);
    }

    public static TheoryData<string, Usage> Reports => new()
    {
        // Anthropic counts cached tokens beside the others.
        {
            """{"input_tokens":10,"output_tokens":2,"cache_read_input_tokens":7,"cache_creation_input_tokens":5}""",
            new() { InputTokens = 22, OutputTokens = 2, CachedInputTokens = 7, CacheWriteTokens = 5 }
        },

        // OpenRouter says what it billed.
        { """{"prompt_tokens":3,"completion_tokens":4,"cost":0.0000000015}""", new() { InputTokens = 3, OutputTokens = 4, CostNanosUsd = 2 } },

        // A part larger than the whole, a figure below zero, one that is no whole number, and one that is none.
        { """{"prompt_tokens":3,"completion_tokens":-4,"prompt_tokens_details":{"cached_tokens":4},"cost":"free"}""", new() { InputTokens = 3 } },
        { """{"prompt_tokens":3.5,"completion_tokens":0}""", new() { OutputTokens = 0 } },
    };

    [Theory]
    [MemberData(nameof(Reports))]
    public async Task Usage_InEveryForm_IsReportedAsItIsMeant(string usage, Usage expected)
    {
        Provider.Usage = usage;

        await Governed().GetChatClient(Allowed).CompleteChatAsync(
            BinaryContent.Create(BinaryData.FromString($$"""{"model":"{{Allowed}}","messages":[{"role":"user","content":"hi"}]}""")));

        Assert.Equal([Settle("agent-1", expected, $"model/{Allowed}")], await SettledAsync());
    }

    [Fact]
    public async Task Usage_ThatIsNoObject_IsNotKnown()
    {
        Provider.Usage = "7";

        await Governed().GetChatClient(Allowed).CompleteChatAsync(
            BinaryContent.Create(BinaryData.FromString($$"""{"model":"{{Allowed}}","messages":[{"role":"user","content":"hi"}]}""")));

        Assert.Equal([Settle("agent-1", null, $"model/{Allowed}")], await SettledAsync());
    }

    private OpenAIClient Governed(Action<OpenAIClientOptions>? also = null, Action<ControlZeroAIOptions>? configure = null) => OpenAI(options =>
    {
        options.AddControlZero(ControlZero, configure: configure);
        also?.Invoke(options);
    });

    private sealed class RetryAtOnce() : ClientRetryPolicy(1)
    {
        public TaskCompletionSource Retries { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Action OnRetry { get; set; } = () => { };

        public bool SawGivenBack { get; set; }

        protected override TimeSpan GetNextDelay(PipelineMessage message, int tryCount)
        {
            OnRetry();
            Retries.TrySetResult();
            return TimeSpan.Zero;
        }
    }
}
