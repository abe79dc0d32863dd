using ControlZero.Client.Tests.Transport;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class RetryTests : ClientTest
{
    private static readonly EnforceQuery Query = new() { Action = "llm.generate" };
    private readonly WatchedClock _clock = new();

    [Fact]
    public async Task Check_UnavailableTwice_AsksAgainWithTheSameRequestId()
    {
        var attempts = 0;
        Cluster.On<EnforceRequest>(_ => ++attempts < 3 ? throw Answers.Error(StatusCode.Unavailable) : Answers.Allow());

        var check = Client(clock: _clock).CheckAsync(Query);
        _clock.Advance(await _clock.NextBackOffAsync());
        _clock.Advance(await _clock.NextBackOffAsync());
        var decision = await check.WaitAsync(WatchedClock.Patience);

        Assert.True(decision.Allowed);
        Assert.Equal(3, attempts);
        Assert.Single(Cluster.Received<EnforceRequest>().Select(request => request.RequestId).Distinct());
    }

    [Fact]
    public async Task Check_UnavailableAlways_StopsAtMaxAttempts()
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable));

        var check = Client(clock: _clock).CheckAsync(Query);
        _clock.Advance(await _clock.NextBackOffAsync());
        _clock.Advance(await _clock.NextBackOffAsync());
        var decision = await check.WaitAsync(WatchedClock.Patience);

        Assert.Equal("STATE_UNAVAILABLE", decision.ReasonCode);
        Assert.Equal(3, Cluster.Calls.Count);
        Assert.True(_clock.NoBackOffBegun);
    }

    [Fact]
    public async Task BackOff_ManyOfThem_LieBetween50And200MillisecondsAndDiffer()
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable));
        var pauses = new List<TimeSpan>();

        var check = Client(options => options.MaxAttempts = 10, _clock).CheckAsync(Query);
        for (var attempt = 1; attempt < 10; attempt++)
        {
            pauses.Add(await _clock.NextBackOffAsync());
            _clock.Advance(pauses[^1]);
        }

        await check.WaitAsync(WatchedClock.Patience);

        Assert.All(pauses, pause => Assert.InRange(pause.TotalMilliseconds, 50, 200));
        Assert.True(pauses.Distinct().Count() > 1, "nine back-offs of the same length are no jitter");
    }

    [Fact]
    public async Task BackOff_LongerThanTheTimeLeft_EndsTheCallAtOnce()
    {
        Cluster.On<EnforceRequest>(_ =>
        {
            _clock.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromMilliseconds(40));
            throw Answers.Error(StatusCode.Unavailable);
        });

        var decision = await Client(clock: _clock).CheckAsync(Query).WaitAsync(WatchedClock.Patience);

        Assert.Equal("STATE_UNAVAILABLE", decision.ReasonCode);
        Assert.Single(Cluster.Calls);
        Assert.True(_clock.NoBackOffBegun);
    }

    [Fact]
    public async Task BackOff_CallerGivesUp_EndsTheCall()
    {
        using var caller = new CancellationTokenSource();
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable));

        var check = Client(clock: _clock).CheckAsync(Query, caller.Token);
        await _clock.NextBackOffAsync();
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check.WaitAsync(WatchedClock.Patience));
    }

    [Theory]
    [InlineData(StatusCode.DeadlineExceeded)]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.ResourceExhausted)]
    [InlineData(StatusCode.Aborted)]
    [InlineData(StatusCode.InvalidArgument)]
    public async Task Check_AnyOtherError_IsNotTriedAgain(StatusCode code)
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(code));

        await Record.ExceptionAsync(() => Client(clock: _clock).CheckAsync(Query).WaitAsync(WatchedClock.Patience));

        Assert.Single(Cluster.Calls);
        Assert.True(_clock.NoBackOffBegun);
    }
}
