using System.Net;
using System.Net.Sockets;
using ControlZero.Client.Tests.Transport;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class NoDecisionTests : ClientTest
{
    private static readonly EnforceQuery Query = new() { Action = "llm.generate" };

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.DeadlineExceeded)]
    public async Task Check_NoDecision_IsADenyOfTheClient(StatusCode code)
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(code, "the disk is full"));

        var decision = await Client(options => options.MaxAttempts = 1).CheckAsync(Query);

        Assert.False(decision.Allowed);
        Assert.Equal(("deny", "STATE_UNAVAILABLE", DecisionSource.Client), (decision.Effect, decision.ReasonCode, decision.Source));
        Assert.Equal($"no decision arrived from `{Cluster.Url}`: the disk is full", decision.Reason);
        Assert.Equal("", decision.DecisionId);
        Assert.Equal(Cluster.Received<EnforceRequest>().Single().RequestId, decision.RequestId);
    }

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.DeadlineExceeded)]
    public async Task Check_NoDecisionAndTheProgramSaysAllow_IsAnAllowOfTheClient(StatusCode code)
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(code));

        var decision = await Client(options => { options.OnUnavailable = OnUnavailable.Allow; options.MaxAttempts = 1; }).CheckAsync(Query);

        Assert.True(decision.Allowed);
        Assert.Equal(("allow", "STATE_UNAVAILABLE", DecisionSource.Client), (decision.Effect, decision.ReasonCode, decision.Source));
    }

    [Fact]
    public async Task Check_DenyThatArrives_DeniesThoughTheProgramSaysAllow()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Deny());

        var decision = await Client(options => options.OnUnavailable = OnUnavailable.Allow).CheckAsync(Query);

        Assert.False(decision.Allowed);
    }

    [Fact]
    public async Task Check_NobodyListens_IsADeny()
    {
        var client = Client(options => { options.Url = $"http://127.0.0.1:{ClosedPort()}"; options.MaxAttempts = 1; });

        var decision = await client.CheckAsync(Query);

        Assert.Equal((false, "STATE_UNAVAILABLE"), (decision.Allowed, decision.ReasonCode));
        Assert.Contains("Connection refused", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enforce_NoDecision_Throws()
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable));

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Client(options => options.MaxAttempts = 1).EnforceAsync(Query));

        Assert.Equal(DecisionSource.Client, error.Decision.Source);
    }

    [Fact]
    public async Task Check_SilentCluster_IsADenyWhenTheTimeIsUp()
    {
        var clock = new WatchedClock();
        var asked = new TaskCompletionSource();
        Cluster.On<EnforceRequest>((_, context) => { asked.SetResult(); return Silence(context.CancellationToken); });

        var check = Client(clock: clock).CheckAsync(Query);
        await asked.Task.WaitAsync(WatchedClock.Patience);
        Assert.False(check.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(30));
        var decision = await check.WaitAsync(WatchedClock.Patience);

        Assert.Equal((false, "STATE_UNAVAILABLE"), (decision.Allowed, decision.ReasonCode));
        Assert.Contains("no answer within 30000 ms", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_AllowAfterTheDeadline_IsNotUsed()
    {
        var clock = new ClockWithoutTimers();
        Cluster.On<EnforceRequest>(_ => { clock.Elapsed = TimeSpan.FromSeconds(31); return Answers.Allow(); });

        var decision = await Client(clock: clock).CheckAsync(Query);

        Assert.Equal((false, "STATE_UNAVAILABLE", DecisionSource.Client), (decision.Allowed, decision.ReasonCode, decision.Source));
    }

    [Fact]
    public async Task Check_CallerGivesUp_IsNoDecisionAtAll()
    {
        using var caller = new CancellationTokenSource();
        Cluster.On<EnforceRequest>(async (_, context) => { await caller.CancelAsync(); return await Silence(context.CancellationToken); });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Client(options => options.OnUnavailable = OnUnavailable.Allow).CheckAsync(Query, caller.Token));
    }

    private static async Task<object> Silence(CancellationToken callEnds)
    {
        await Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, TimeProvider.System, callEnds);
        return Answers.Allow();
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A clock whose timers come too late, as on a busy machine: only the look at the clock tells that an answer is late.</summary>
    private sealed class ClockWithoutTimers : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new NoTimer();

        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
