using System.ClientModel;
using ControlZero.Client.AI.Tests.Providers;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Tests.Chat;

public sealed class SettlingTests : SettlingTest
{
    [Fact]
    public async Task Chat_ThatIsAnswered_SettlesOnceWithTheProvidersFigures()
    {
        await Chat(configure: options => options.AgentId = "writer").GetResponseAsync("hi");

        Assert.Equal([Settle("writer", new() { InputTokens = 3, OutputTokens = 4 }, $"model/{Allowed}")], await SettledAsync());
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Stream_ThatIsReadToItsEnd_SettlesOnceWithTheProvidersFigures()
    {
        await ReadAsync(Chat().GetStreamingResponseAsync("hi"));

        Assert.Equal([Settle("agent-1", new() { InputTokens = 3, OutputTokens = 4 }, $"model/{Allowed}")], await SettledAsync());
        Assert.False(Cluster.Received<SettleRequest>()[0].Usage.HasCacheWriteTokens);
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Stream_FiguresInSeveralParts_AreAddedAndPartsLargerThanTheWholeLeftOut()
    {
        var chat = Scripted(
            null,
            Update(new UsageContent(new() { InputTokenCount = 10, CachedInputTokenCount = 11, OutputTokenCount = 2, ReasoningTokenCount = 1 })),
            Update(new UsageContent(new() { OutputTokenCount = 5 })));

        await ReadAsync(chat.GetStreamingResponseAsync("hi", new() { ModelId = Allowed }));

        Assert.Equal([Settle("agent-1", new() { InputTokens = 10, OutputTokens = 7, ReasoningTokens = 1 }, "model/answered")], await SettledAsync());
    }

    [Fact]
    public async Task Stream_ThatIsLeft_StaysCharged()
    {
        var chat = Scripted(null, Update(new TextContent("one")), Update(new UsageContent(new() { InputTokenCount = 10 })));

        await foreach (var update in chat.GetStreamingResponseAsync("hi", new() { ModelId = Allowed }))
        {
            Assert.Equal("one", update.Text);
            break;
        }

        Assert.Equal([Settle("agent-1", null, "model/answered")], await SettledAsync());
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Stream_ThatBreaksOff_StaysCharged()
    {
        var chat = Scripted(new HttpRequestException("lost"), Update(new TextContent("one")));

        await Assert.ThrowsAsync<HttpRequestException>(() => ReadAsync(chat.GetStreamingResponseAsync("hi", new() { ModelId = Allowed })));

        Assert.Equal([Settle("agent-1", null, "model/answered")], await SettledAsync());
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Chat_ProviderThatRefuses_CancelsTheReservation(bool isStream)
    {
        Provider.FailNext(400);

        await Assert.ThrowsAsync<ClientResultException>(
            () => isStream ? ReadAsync(Chat().GetStreamingResponseAsync("hi")) : Chat().GetResponseAsync("hi"));

        Assert.Empty(await SettledAsync());
        Assert.Equal([new CancelRequest { Token = "held", AgentId = "agent-1" }], Cluster.Received<CancelRequest>());
    }

    public static TheoryData<Exception> CutOffs => [new OperationCanceledException(), new AggregateException(new IOException("late", new TimeoutException()))];

    [Theory]
    [MemberData(nameof(CutOffs))]
    public async Task Chat_ThatIsCutOff_StaysCharged(Exception failure)
    {
        await Assert.ThrowsAsync(failure.GetType(), () => Scripted(failure).GetResponseAsync("hi", new() { ModelId = Allowed }));

        Assert.Equal([Settle("agent-1", null, "")], await SettledAsync());
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Chat_WithoutAReservation_SettlesNothing()
    {
        Permit($"model/{Allowed}");

        await Chat().GetResponseAsync("hi");

        Assert.Empty(await SettledAsync());
    }

    [Fact]
    public async Task Chat_SettleThatFails_IsToldAndDoesNotTouchTheAnswer()
    {
        var told = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.Fail<SettleRequest>(Answers.Error(StatusCode.NotFound, "no such reservation", "RESERVATION_NOT_FOUND"));

        var response = await Chat(configure: options => options.OnSettleError = told.SetResult).GetResponseAsync("hi");

        Assert.Equal(ProviderAnswers.Text, response.Text);
        Assert.Equal("RESERVATION_NOT_FOUND", Assert.IsType<ControlZeroException>(await told.Task).Reason);
    }

    [Fact]
    public async Task Estimate_OfARequest_CountsItsBytesAndItsBound()
    {
        await Chat().GetResponseAsync("hi", new() { MaxOutputTokens = 50 });
        await Chat().GetResponseAsync(new string('x', 3_000));
        await Chat().GetResponseAsync("hi", new() { Tools = [AIFunctionFactory.Create(() => 1, "look_up", new string('x', 3_000))] });
        await Chat().GetResponseAsync(new ChatMessage(ChatRole.User, [new DataContent(new byte[100_000], "image/png")]));

        var estimates = Cluster.Received<EnforceRequest>().Select(request => request.Estimate).ToList();
        Assert.InRange(estimates[0].InputTokens, 1, 60);
        Assert.Equal(50, estimates[0].MaxOutputTokens);
        Assert.All(estimates.Skip(1).Take(2), estimate => Assert.InRange(estimate.InputTokens, 1_000, 1_150));
        Assert.InRange(estimates[3].InputTokens, 1_500, 1_600);
        Assert.All(estimates.Skip(1), estimate => Assert.False(estimate.HasMaxOutputTokens));
    }

    [Fact]
    public async Task Estimate_OfARawRequest_CountsItsBound()
    {
        await Chat().GetResponseAsync("hi", new() { RawRepresentationFactory = _ => new OpenAI.Chat.ChatCompletionOptions { MaxOutputTokenCount = 77 } });

        Assert.Equal(77, Assert.Single(Cluster.Received<EnforceRequest>()).Estimate.MaxOutputTokens);
    }

    [Fact]
    public async Task Estimate_ThatTheProgramDoesNotWant_IsNotSent()
    {
        await Chat(configure: options => options.SendEstimates = false).GetResponseAsync("hi");

        Assert.Null(Assert.Single(Cluster.Received<EnforceRequest>()).Estimate);
        Assert.Single(await SettledAsync());
    }

    private IChatClient Scripted(Exception? failure, params ChatResponseUpdate[] updates) =>
        new ChatClientBuilder(new ScriptedChat(updates, failure)).UseControlZero(client: ControlZero).Build();

    private static ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content]) { ModelId = "answered" };
}
