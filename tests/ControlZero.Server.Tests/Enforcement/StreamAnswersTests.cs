using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Policies;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
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

    private async Task WriteAsync(InterruptedAnswers writer, Func<bool> isStillValid)
    {
        using var answers = new StreamAnswers(writer, Caller, () => ValueTask.FromResult(isStillValid()), new DecisionTrail(null, new DecisionEvents([]), _clock));
        var allowed = new Authorization(Admission.Stale with { Effect = Effect.Allow, ReasonCode = "RULE_MATCH" }, 1, 1, null, TimeSpan.Zero);
        answers.Add(
        [
            .. Enumerable.Range(0, Count).Select(number => ((ulong)number, new EnforceOutcome(
                EnforceMapping.ToResponse(allowed, $"id-{number}", "asked", false), null, _freshness.LeaseOf(allowed, _freshness.Ask())))),
        ]);
        answers.Complete();

        var writing = answers.WriteAsync();
        writer.GoOn();
        await writing;
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
