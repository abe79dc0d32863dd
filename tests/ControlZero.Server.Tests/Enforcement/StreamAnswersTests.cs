using System.IO.Pipelines;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Log;
using ControlZero.Engine.Policies;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Telemetry;
using ControlZero.Server.Tests.Audit;
using ControlZero.Server.Tests.Telemetry;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>
/// How often a stream's answers are held against clock and key. Between those that are only put down nobody waits, so once is enough for them: not so
/// after a flush, or after a write that had to wait.
/// </summary>
public sealed class StreamAnswersTests
{
    private const int Count = 130;

    private static readonly ClientIdentity Caller = new(new KeyRecord
    {
        Id = KeyId.Parse("abcdefghijkl"),
        Tenant = TenantId.Parse("acme"),
        Name = "",
        Scopes = [Scopes.Enforce],
        Agents = [],
        Hash = "",
        CreatedAt = DateTimeOffset.UnixEpoch,
        CreatedBy = "",
    });

    private readonly FakeTimeProvider _clock = new();
    private readonly SiloFreshness _freshness;

    public StreamAnswersTests()
    {
        _freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), _clock);
        _freshness.Confirm(_freshness.Now(), 1);
    }

    [Theory]
    [InlineData(63, false)]
    [InlineData(10, true)]
    public async Task Answers_AfterAFlushOrAWait_AreHeldAgainstTheClockAnew(int at, bool waits)
    {
        var writer = new InterruptedAnswers(at, waits, () => _clock.Advance(_freshness.Bound + TimeSpan.FromTicks(1)));

        await WriteAsync(writer, static () => true);

        Assert.Equal(Count, writer.Taken.Count);
        Assert.All(writer.Taken.Index(), taken => Assert.Equal(taken.Index <= at ? Decision.Allow : Decision.Deny, taken.Item.Response.Decision));
    }

    [Theory]
    [InlineData(63, false)]
    [InlineData(10, true)]
    public async Task Answers_AfterAFlushOrAWait_AreHeldAgainstTheKeyAnew(int at, bool waits)
    {
        var isValid = true;
        var writer = new InterruptedAnswers(at, waits, () => isValid = false);

        var failure = await Assert.ThrowsAsync<RpcException>(() => WriteAsync(writer, () => isValid));

        Assert.Equal((StatusCode.Unauthenticated, at + 1), (failure.StatusCode, writer.Taken.Count));
    }

    // The connection's reader looks for what is held as soon as something is written, on the thread that writes.
    [Fact]
    public async Task Answers_AreHeldBeforeTheyAreWritten()
    {
        var durable = new TaskCompletionSource<AuditAppend>();
        var log = new MemoryLog { IsPrompt = true, Outcome = _ => durable.Task };
        var transport = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0));
        using var measured = new Measured();
        var gate = new AnswerGate(transport.Writer, new EnforceInstruments(measured.Meters, _clock), () => { });
        _ = gate.RunAsync();
        using var answers = new StreamAnswers(
            new GatedAnswers(gate.Output), Caller, static () => ValueTask.FromResult(true), new DecisionTrail(log, new DecisionEvents([]), _clock), gate);
        answers.Add(Allows(2));
        answers.Complete();

        await answers.WriteAsync();
        Assert.False(transport.Reader.TryRead(out _));
        durable.SetResult(new AuditAppend(AuditOutcome.Durable));

        Assert.True(transport.Reader.TryRead(out var sent));
        Assert.Equal(2, sent.Buffer.Length);
    }

    private async Task WriteAsync(InterruptedAnswers writer, Func<bool> isStillValid)
    {
        using var answers = new StreamAnswers(writer, Caller, () => ValueTask.FromResult(isStillValid()), new DecisionTrail(null, new DecisionEvents([]), _clock));
        answers.Add(Allows(Count));
        answers.Complete();

        var writing = answers.WriteAsync();
        writer.GoOn();
        await writing;
    }

    private (ulong CorrelationId, EnforceOutcome Outcome)[] Allows(int count)
    {
        var allowed = new Authorization(Admission.Stale with { Effect = Effect.Allow, ReasonCode = "RULE_MATCH" }, 1, 1, null, TimeSpan.Zero);
        var question = EnforceQuestion.Read(new EnforceRequest { AgentId = "bot", Action = "a:x" }, Caller);
        return
        [
            .. Enumerable.Range(0, count).Select(number => ((ulong)number, new EnforceOutcome(
                EnforceMapping.ToResponse(allowed, $"id-{number}", "asked", false), null, _freshness.LeaseOf(allowed, _freshness.Ask()), question))),
        ];
    }

    /// <summary>Writes one byte an answer to a connection, and flushes it.</summary>
    private sealed class GatedAnswers(PipeWriter output) : IServerStreamWriter<EnforceStreamResponse>
    {
        public WriteOptions? WriteOptions { get; set; }

        public async Task WriteAsync(EnforceStreamResponse message) => await output.WriteAsync(new byte[1]);
    }

    /// <summary>Takes answers; something happens while it takes one of them, at once or in a wait that <see cref="GoOn"/> ends.</summary>
    private sealed class InterruptedAnswers(int at, bool waits, Action interruption) : IServerStreamWriter<EnforceStreamResponse>
    {
        private readonly TaskCompletionSource _wait = new();

        public List<EnforceStreamResponse> Taken { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(EnforceStreamResponse message)
        {
            Taken.Add(message);
            if (Taken.Count != at + 1)
            {
                return Task.CompletedTask;
            }

            if (waits)
            {
                return _wait.Task;
            }

            interruption();
            return Task.CompletedTask;
        }

        public void GoOn()
        {
            if (waits)
            {
                interruption();
                _wait.SetResult();
            }
        }
    }
}
