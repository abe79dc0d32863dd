using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Client.Tests.Enforcement;

/// <summary>What goes over an open stream comes to what the single call comes to, whatever becomes of the stream.</summary>
public sealed class OpenStreamTests : ClientTest
{
    private static readonly EnforceQuery Query = new() { Action = "llm.generate" };

    [Fact]
    public async Task Stream_CarriesQuestionsSettlementsAndCancellations()
    {
        Cluster.On<EnforceStreamRequest>(Answer);
        await using var stream = Client().OpenStream();

        var decision = await stream.EnforceAsync(Query with { Estimate = new EnforceEstimate { InputTokens = 300 } });
        var settled = await stream.SettleAsync(new Settlement { Token = decision.Reservation!.Token, Usage = new CallUsage { InputTokens = 290 }, ResponseModel = "model/m" });
        var cancelled = await stream.CancelAsync("held-2", "agent-2");

        Assert.True(stream.IsOpen);
        Assert.Equal((true, false), (settled.Overrun, settled.Late));
        Assert.Equal((false, true), (cancelled.Overrun, cancelled.Late));
        var asked = Cluster.Received<EnforceStreamRequest>();
        Assert.Equal(("agent-1", "llm.generate", 300), (asked[0].Enforce.AgentId, asked[0].Enforce.Action, asked[0].Enforce.Estimate.InputTokens));
        Assert.Equal(("held", "agent-1", 290, "model/m"), (asked[1].Settle.Token, asked[1].Settle.AgentId, asked[1].Settle.Usage.InputTokens, asked[1].Settle.ResponseModel));
        Assert.Equal(("held-2", "agent-2"), (asked[2].Cancel.Token, asked[2].Cancel.AgentId));
        Assert.Equal(3, Cluster.Calls.Count);
    }

    [Fact]
    public async Task Stream_WhoseAnswersComeInAnyOrder_GivesEachToWhoAsked()
    {
        var first = new TaskCompletionSource<object>();
        Cluster.On<EnforceStreamRequest>((request, _) =>
        {
            if (request.Enforce.Action == "a:0")
            {
                return first.Task;
            }

            return Task.FromResult<object>(Named(request));
        });
        await using var stream = Client().OpenStream();

        var slow = stream.CheckAsync(Query with { Action = "a:0" });
        var others = await Task.WhenAll(Enumerable.Range(1, 50).Select(number => stream.CheckAsync(Query with { Action = $"a:{number}" })));
        Assert.False(slow.IsCompleted);
        first.SetResult(Named(Cluster.Received<EnforceStreamRequest>().Single(request => request.Enforce.Action == "a:0")));

        Assert.Equal(Enumerable.Range(1, 50).Select(number => $"a:{number}"), others.Select(decision => decision.Reason));
        Assert.Equal("a:0", (await slow).Reason);
    }

    [Fact]
    public async Task Stream_OfAMessageThatFails_ThrowsWhatTheSingleCallThrowsAndGoesOn()
    {
        Cluster.On<EnforceStreamRequest>(request => request.MessageCase == EnforceStreamRequest.MessageOneofCase.Settle
            ? new EnforceStreamResponse { Error = new Google.Rpc.Status { Code = (int)StatusCode.NotFound, Message = "no such reservation" } }
            : Answer(request));
        await using var stream = Client().OpenStream();

        var failure = await Assert.ThrowsAsync<ControlZeroException>(() => stream.SettleAsync(new Settlement { Token = "none" }));
        var decision = await stream.CheckAsync(Query);

        Assert.Equal((StatusCode.NotFound, true, true), (failure.StatusCode, decision.Allowed, stream.IsOpen));
        Assert.Empty(Cluster.Received<SettleRequest>());
    }

    [Fact]
    public async Task Message_ThatTheServerCannotDoNow_IsSentAsASingleCall()
    {
        Cluster.On<EnforceStreamRequest>(_ => new EnforceStreamResponse { Error = new Google.Rpc.Status { Code = (int)StatusCode.Unavailable, Message = "not now" } });
        Cluster.On<EnforceRequest>(_ => Answers.Allow()).On<SettleRequest>(_ => new SettleResponse { Replayed = true }).On<CancelRequest>(_ => new CancelResponse { Late = true });
        await using var stream = Client().OpenStream();

        Assert.True((await stream.CheckAsync(Query)).Allowed);
        Assert.True((await stream.SettleAsync(new Settlement { Token = "held" })).Replayed);
        Assert.True((await stream.CancelAsync("held")).Late);
        Assert.Equal(Cluster.Received<EnforceStreamRequest>()[0].Enforce.RequestId, Assert.Single(Cluster.Received<EnforceRequest>()).RequestId);
    }

    [Fact]
    public async Task Stream_ThatBreaks_IsGoneOnWithBySingleCallsWithTheSameIds()
    {
        Cluster.Fail<EnforceStreamRequest>(Answers.Error(StatusCode.Unavailable, "the server stops"));
        Cluster.On<EnforceRequest>(_ => Answers.Allow()).On<SettleRequest>(_ => new SettleResponse()).On<CancelRequest>(_ => new CancelResponse());
        await using var stream = Client().OpenStream();

        var underWay = await stream.CheckAsync(Query);
        var later = await stream.CheckAsync(Query);
        await stream.SettleAsync(new Settlement { Token = "held" });
        await stream.CancelAsync("held");

        Assert.Equal((true, true, false), (underWay.Allowed, later.Allowed, stream.IsOpen));
        Assert.Equal(Assert.Single(Cluster.Received<EnforceStreamRequest>()).Enforce.RequestId, Cluster.Received<EnforceRequest>()[0].RequestId);
        Assert.Equal((2, 1, 1), (Cluster.Received<EnforceRequest>().Count, Cluster.Received<SettleRequest>().Count, Cluster.Received<CancelRequest>().Count));
    }

    [Fact]
    public async Task Stream_WhoseKeyIsNoLongerRight_SaysSoAndAllowsNothing()
    {
        Cluster.Fail<EnforceStreamRequest>(Answers.Error(StatusCode.Unauthenticated)).Fail<EnforceRequest>(Answers.Error(StatusCode.Unauthenticated));
        await using var stream = Client(options => options.OnUnavailable = OnUnavailable.Allow).OpenStream();

        var failure = await Assert.ThrowsAsync<ControlZeroException>(() => stream.CheckAsync(Query));

        Assert.Equal(StatusCode.Unauthenticated, failure.StatusCode);
    }

    [Fact]
    public async Task Question_WhoseAnswerIsLate_IsADenyAndTheStreamGoesOn()
    {
        var clock = new FakeTimeProvider();
        var held = new TaskCompletionSource<object>();
        Cluster.On<EnforceStreamRequest>((request, _) => request.Enforce.Action == "a:slow" ? held.Task : Task.FromResult<object>(Answer(request)));
        await using var stream = Client(options => options.Timeout = TimeSpan.FromSeconds(2), clock).OpenStream();

        var slow = stream.CheckAsync(Query with { Action = "a:slow" });
        Assert.True((await stream.CheckAsync(Query)).Allowed);
        clock.Advance(TimeSpan.FromSeconds(2));
        var decision = await slow;
        held.SetResult(new EnforceStreamResponse { Response = Answers.Allow() });

        Assert.Equal((false, DecisionSource.Client, "STATE_UNAVAILABLE"), (decision.Allowed, decision.Source, decision.ReasonCode));
        Assert.True((await stream.CheckAsync(Query)).Allowed);
        Assert.Empty(Cluster.Received<EnforceRequest>());
    }

    [Fact]
    public async Task Caller_WhoGivesUp_LeavesTheStreamToTheOthers()
    {
        var held = new TaskCompletionSource<object>();
        Cluster.On<EnforceStreamRequest>((request, _) => request.Enforce.Action == "a:slow" ? held.Task : Task.FromResult<object>(Answer(request)));
        await using var stream = Client().OpenStream();
        using var gone = new CancellationTokenSource();

        var slow = stream.CheckAsync(Query with { Action = "a:slow" }, gone.Token);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        Assert.True((await stream.CheckAsync(Query)).Allowed);
        held.SetResult(new EnforceStreamResponse { Response = Answers.Allow() });
    }

    [Fact]
    public async Task Allow_WithAnObligationThatIsNotHonoured_IsADenyAndGivenBack()
    {
        Cluster.On<CancelRequest>(_ => new CancelResponse());
        Cluster.On<EnforceStreamRequest>(_ =>
        {
            var answer = Answers.Allow(new Obligation { Name = "redact_output" });
            answer.Reservation = new Reservation { Token = "held" };
            return new EnforceStreamResponse { Response = answer };
        });
        var client = Client();
        await using (var stream = client.OpenStream())
        {
            Assert.Equal((false, "OBLIGATION_UNKNOWN"), (await stream.CheckAsync(Query)) is var decision ? (decision.Allowed, decision.ReasonCode) : default);
        }

        await client.DisposeAsync();
        Assert.Equal("held", Assert.Single(Cluster.Received<CancelRequest>()).Token);
    }

    [Fact]
    public async Task Dispose_WaitsForWhatIsUnderWay_AndTakesNothingMore()
    {
        var held = new TaskCompletionSource<object>();
        Cluster.On<EnforceStreamRequest>((_, _) => held.Task);
        var stream = Client().OpenStream();
        var settling = stream.SettleAsync(new Settlement { Token = "held" });

        var closing = stream.DisposeAsync();
        Assert.False(closing.IsCompleted);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.CheckAsync(Query));
        held.SetResult(new EnforceStreamResponse { Settled = new SettleResponse { Overrun = true } });
        await closing;

        Assert.True((await settling).Overrun);
        Assert.False(stream.IsOpen);
    }

    private static EnforceStreamResponse Named(EnforceStreamRequest request)
    {
        var answer = Answers.Allow();
        answer.Reason = request.Enforce.Action;
        return new EnforceStreamResponse { Response = answer };
    }

    private static EnforceStreamResponse Answer(EnforceStreamRequest request)
    {
        var allow = Answers.Allow();
        allow.Reservation = new Reservation { Token = "held" };
        return request.MessageCase switch
        {
            EnforceStreamRequest.MessageOneofCase.Settle => new EnforceStreamResponse { Settled = new SettleResponse { Overrun = true } },
            EnforceStreamRequest.MessageOneofCase.Cancel => new EnforceStreamResponse { Cancelled = new CancelResponse { Late = true } },
            _ => new EnforceStreamResponse { Response = allow },
        };
    }
}
