using System.IO.Pipelines;
using System.Text;
using ControlZero.Audit.Log;
using ControlZero.Grains.Feed;
using ControlZero.Server.Audit;
using ControlZero.Server.Telemetry;
using ControlZero.Server.Tests.Telemetry;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Audit;

/// <summary>What a connection may send and when. Everything runs on the test's own thread: the gate's reader goes on where it is written to.</summary>
public sealed class AnswerGateTests : IDisposable
{
    // A gate that never ends is a failing test, not one that waits for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
    private readonly Measured _measured = new();
    private readonly EnforceInstruments _instruments;
    private readonly SiloFreshness _freshness;
    private readonly Pipe _transport = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0));
    private readonly AnswerGate _gate;
    private readonly Task _running;
    private bool _aborted;

    public AnswerGateTests()
    {
        _freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), _clock);
        _instruments = new EnforceInstruments(_measured.Meters, _clock);
        _gate = new AnswerGate(_transport.Writer, _instruments, () => _aborted = true);
        _running = _gate.RunAsync();
    }

    [Fact]
    public async Task Answer_BeforeItsEventIsDurable_DoesNotLeave()
    {
        var first = Hold();
        await WriteAsync("first");
        Assert.Equal("", Sent());

        _clock.Advance(TimeSpan.FromMilliseconds(3));
        first.SetResult(new AuditAppend(AuditOutcome.Durable));

        Assert.Equal("first", Sent());
        Assert.Equal(["=0.003"], _measured.Of("controlzero.enforce.held.duration"));
    }

    public void Dispose() => _measured.Dispose();

    [Fact]
    public async Task Bytes_ThatNothingHolds_LeaveAtOnce()
    {
        await WriteAsync("ping");
        Assert.Equal("ping", Sent());
        Hold().SetResult(new AuditAppend(AuditOutcome.Durable));
        await WriteAsync("pong");

        Assert.Equal("pong", Sent());
    }

    // The second one's event may be lost when the first one's is durable.
    [Fact]
    public async Task Answer_ThatComesWhileAnotherWaits_LeavesWithItOnlyWhenItsOwnEventIsDurable()
    {
        var (first, second) = (Hold(), default(TaskCompletionSource<AuditAppend>));
        await WriteAsync("first");
        second = Hold();
        await WriteAsync("second");

        first.SetResult(new AuditAppend(AuditOutcome.Durable));
        Assert.Equal("first", Sent());
        second.SetResult(new AuditAppend(AuditOutcome.Durable));

        Assert.Equal("second", Sent());
    }

    [Fact]
    public async Task Answers_OfOneFlush_LeaveTogether()
    {
        var flush = new TaskCompletionSource<AuditAppend>();
        foreach (var answer in new[] { "a", "b", "c" })
        {
            _gate.Hold(flush.Task, default);
            await WriteAsync(answer);
        }

        flush.SetResult(new AuditAppend(AuditOutcome.Durable));

        Assert.Equal("abc", Sent());
    }

    [Fact]
    public async Task Answer_WhoseEventIsLost_NeverLeaves_AndTheConnectionEnds()
    {
        var (good, bad) = (Hold(), Hold());
        await WriteAsync("answers");
        good.SetResult(new AuditAppend(AuditOutcome.Durable));
        bad.SetResult(new AuditAppend(AuditOutcome.Unavailable));

        await _running.WaitAsync(Patience);
        Assert.Equal(("", true), (Sent(), _aborted));
        Assert.True((await _gate.Output.FlushAsync()).IsCompleted);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public async Task Allow_ThatIsHeldLongerThanItsLease_NeverLeaves(int ticksMore, bool over)
    {
        var asked = _freshness.Now();
        _freshness.Confirm(asked, 1);
        var held = Hold(new AllowLease(_freshness, asked, _freshness.Bound));
        await WriteAsync("allow");
        _clock.Advance(_freshness.Bound + TimeSpan.FromTicks(ticksMore));
        held.SetResult(new AuditAppend(AuditOutcome.Durable));

        Assert.Equal((over ? "" : "allow", over), (Sent(), _aborted));
    }

    // While the caller does not read, nothing is written and nothing looked at: the lease goes on.
    [Fact]
    public async Task Allow_WhoseEventIsDurable_ButWhichNobodyTakesInTime_NeverLeaves()
    {
        var slow = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var gate = new AnswerGate(slow.Writer, _instruments, () => _aborted = true);
        var running = gate.RunAsync();
        await gate.Output.WriteAsync("before"u8.ToArray());
        var asked = _freshness.Now();
        gate.Hold(Task.FromResult(new AuditAppend(AuditOutcome.Durable)), new AllowLease(_freshness, asked, _freshness.Bound));
        await gate.Output.WriteAsync("allow"u8.ToArray());
        _clock.Advance(_freshness.Bound + TimeSpan.FromTicks(1));

        Assert.Equal("before", Take(slow));
        await running.WaitAsync(Patience);
        Assert.Equal(("", true), (Take(slow), _aborted));
    }

    [Fact]
    public async Task End_OfTheConnection_WaitsForWhatIsHeld()
    {
        var last = Hold();
        await WriteAsync("last");
        await _gate.Output.CompleteAsync();
        Assert.False(_running.IsCompleted);
        last.SetResult(new AuditAppend(AuditOutcome.Durable));

        await _running.WaitAsync(Patience);
        Assert.Equal(("last", false), (Sent(), _aborted));
    }

    [Fact]
    public async Task End_OfTheConnection_WaitsForWhatCameWhileItWaited()
    {
        var first = Hold();
        await WriteAsync("first");
        var last = Hold();
        await WriteAsync("last");
        await _gate.Output.CompleteAsync();
        first.SetResult(new AuditAppend(AuditOutcome.Durable));
        Assert.Equal("first", Sent());
        last.SetResult(new AuditAppend(AuditOutcome.Durable));

        await _running.WaitAsync(Patience);
        Assert.Equal(("last", false), (Sent(), _aborted));
    }

    [Fact]
    public async Task End_OfTheTransport_EndsTheGate()
    {
        await _transport.Reader.CompleteAsync();
        Assert.True((await _gate.Output.WriteAsync("x"u8.ToArray())).IsCompleted || (await _gate.Output.FlushAsync()).IsCompleted);

        await _running.WaitAsync(Patience);
        Assert.False(_aborted);
    }

    [Fact]
    public async Task Caller_WhoIsGone_EndsTheGateWithoutAFailure()
    {
        var gate = new AnswerGate(PipeWriter.Create(new BrokenStream()), _instruments, () => _aborted = true);
        var running = gate.RunAsync();
        await gate.Output.WriteAsync("x"u8.ToArray());

        await running.WaitAsync(Patience);
        Assert.True((await gate.Output.FlushAsync()).IsCompleted);
    }

    [Fact]
    public async Task Writer_WithMoreHeldThanIsKept_Waits()
    {
        var held = Hold();
        var writing = _gate.Output.WriteAsync(new byte[64 << 10]).AsTask();
        Assert.False(writing.IsCompleted);
        held.SetResult(new AuditAppend(AuditOutcome.Durable));

        await writing;
        Assert.Equal(64 << 10, Sent().Length);
    }

    private TaskCompletionSource<AuditAppend> Hold(AllowLease lease = default)
    {
        var recorded = new TaskCompletionSource<AuditAppend>();
        _gate.Hold(recorded.Task, lease);
        return recorded;
    }

    private async Task WriteAsync(string text) => await _gate.Output.WriteAsync(Encoding.ASCII.GetBytes(text));

    private string Sent() => Take(_transport);

    private static string Take(Pipe transport)
    {
        if (!transport.Reader.TryRead(out var read))
        {
            return "";
        }

        var text = Encoding.ASCII.GetString(read.Buffer);
        transport.Reader.AdvanceTo(read.Buffer.End);
        return text;
    }

    // What TLS writes into when the socket is closed.
    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("broken pipe");
    }
}
