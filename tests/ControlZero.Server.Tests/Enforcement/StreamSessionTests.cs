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
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>The stream's own work, without a network whose buffers would hide it.</summary>
public sealed class StreamSessionTests
{
    private static readonly ClientIdentity Caller = new(new KeyRecord
    {
        Id = KeyId.Parse("0123456789ab"),
        Hash = new string('a', 64),
        Tenant = TenantId.Parse("acme"),
        Name = "",
        Scopes = [Scopes.Enforce],
        Agents = [],
        CreatedAt = DateTimeOffset.UnixEpoch,
        CreatedBy = "",
    });

    [Fact]
    public async Task Stream_WhoseAnswersAreNotTaken_IsReadUpToTheBound()
    {
        var taken = new TaskCompletionSource();
        var boundReached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mostAhead = 0;
        var writer = new ScriptedAnswers(taken.Task);
        var reader = new ScriptedRequests(Ask(5000), read =>
        {
            mostAhead = Math.Max(mostAhead, read - writer.Flushed);
            if (read == 1024)
            {
                boundReached.SetResult();
            }
        });

        var run = RunAsync(reader, writer, Answer);
        await boundReached.Task;
        Assert.False(run.IsCompleted);
        taken.SetResult();
        await run;

        Assert.Equal(1024, mostAhead);
        Assert.Equal(Enumerable.Range(0, 5000).Select(number => (ulong)number), writer.Taken.Select(taken => taken.Answer.CorrelationId).Order());
    }

    [Fact]
    public async Task Answers_WhileMoreAreWaiting_AreHeldBackButNeverPast64()
    {
        var writer = new ScriptedAnswers(Task.CompletedTask);
        using var answers = new StreamAnswers(writer, Caller, () => ValueTask.FromResult(true), Unrecorded);
        for (var number = 0ul; number < 150; number++)
        {
            await answers.TakePlaceAsync(CancellationToken.None);
            answers.Add([(number, new EnforceOutcome(new EnforceResponse(), null))]);
        }

        answers.Complete();
        await answers.WriteAsync();

        Assert.Equal([63, 127, 149], writer.Taken.Index().Where(entry => !entry.Item.HeldBack).Select(entry => entry.Index));
    }

    [Fact]
    public async Task Answer_ThatNobodyTookInTime_LeavesAsADeny()
    {
        var clock = new FakeTimeProvider();
        var freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), clock);
        freshness.Confirm(freshness.Now(), 1);
        var allowed = new Authorization(Admission.Stale with { Effect = Effect.Allow, ReasonCode = "RULE_MATCH" }, 1, 1, null, TimeSpan.Zero);
        var outcome = new EnforceOutcome(
            EnforceMapping.ToResponse(allowed, "id", "asked", false), null, freshness.LeaseOf(allowed, freshness.Ask()));
        var writer = new ScriptedAnswers(Task.CompletedTask);
        using var answers = new StreamAnswers(writer, Caller, () => ValueTask.FromResult(true), Unrecorded);
        answers.Add([(1, outcome), (2, new EnforceOutcome(outcome.Response, null))]);
        answers.Complete();

        clock.Advance(freshness.Bound + TimeSpan.FromTicks(1));
        await answers.WriteAsync();

        Assert.Equal(
            [(Decision.Deny, "POLICY_STALE", "asked"), (Decision.Allow, "RULE_MATCH", "asked")],
            writer.Taken.Select(taken => (taken.Answer.Response.Decision, taken.Answer.Response.ReasonCode, taken.Answer.Response.RequestId)));
    }

    [Fact]
    public async Task Questions_ThatArrivedTogether_AreAskedOnceAnAgent()
    {
        var groups = new List<(string Agent, int Count)>();
        var requests = new ScriptedRequests(Ask(300, number => number % 3 == 0 ? "one" : "two"));

        await RunAsync(requests, new ScriptedAnswers(Task.CompletedTask), (group, answer) =>
        {
            groups.Add((group[0].Question.Agent.Value, group.Count));
            return Answer(group, answer);
        });

        Assert.Equal([("one", 86), ("two", 170), ("two", 30), ("one", 14)], groups);
    }

    [Fact]
    public async Task Answers_DecidedHere_LeaveTogetherWhenNoRequestWaits()
    {
        var writer = new ScriptedAnswers(Task.CompletedTask);

        await RunAsync(new ScriptedRequests(Ask(150)), writer, NeverAsked, decideHere: _ => Decided);

        Assert.Equal(Enumerable.Range(0, 150).Select(number => (ulong)number), writer.Taken.Select(taken => taken.Answer.CorrelationId));
        Assert.Equal([63, 127, 149], writer.Taken.Index().Where(entry => !entry.Item.HeldBack).Select(entry => entry.Index));
    }

    [Fact]
    public async Task Answers_DecidedHere_LeaveAlsoWhileTheCallerIsSilent()
    {
        var caller = new SilentCaller();
        using var cancelled = new CancellationTokenSource();
        var writer = new ScriptedAnswers(Task.CompletedTask);

        var run = RunAsync(caller, writer, NeverAsked, decideHere: _ => Decided, cancellationToken: cancelled.Token);
        await caller.Waits;
        await Until.TrueAsync(() => writer.Flushed == 1, "the answer has left");
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Question_BehindOneThatIsLeftToTheGrain_DoesNotOvertakeIt()
    {
        var groups = new List<int>();
        var first = true;

        await RunAsync(
            new ScriptedRequests(Ask(3)),
            new ScriptedAnswers(Task.CompletedTask),
            (group, answer) =>
            {
                groups.Add(group.Count);
                return Answer(group, answer);
            },
            decideHere: _ =>
            {
                var isFirst = first;
                first = false;
                return isFirst ? null : Decided;
            });

        Assert.Equal([3], groups);
    }

    [Fact]
    public async Task Stream_WhoseKeyEnds_DecidesNothingMoreHere()
    {
        var (decided, checks) = (0, 0);
        var requests = new ScriptedRequests(Ask(1000));

        var failure = await Assert.ThrowsAsync<RpcException>(() => RunAsync(
            requests,
            new ScriptedAnswers(Task.CompletedTask),
            NeverAsked,
            isStillValid: () => Interlocked.Increment(ref checks) <= 300,
            decideHere: _ =>
            {
                decided++;
                return Decided;
            }));

        Assert.Equal(StatusCode.Unauthenticated, failure.StatusCode);
        Assert.Equal((300, 301), (decided, requests.Read));
    }

    [Fact]
    public async Task Stream_ThatIsCancelled_EndsWhenItsLastDecisionHas()
    {
        var decided = new TaskCompletionSource();
        using var cancelled = new CancellationTokenSource();
        var caller = new SilentCaller();
        var run = RunAsync(caller, new ScriptedAnswers(Task.CompletedTask), (_, _) => decided.Task, cancellationToken: cancelled.Token);
        await caller.Waits;

        await cancelled.CancelAsync();
        Assert.False(run.IsCompleted);
        decided.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Settles_WhoseAnswersAreNotTaken_AreReadUpToTheBound()
    {
        var taken = new TaskCompletionSource();
        var writer = new ScriptedAnswers(taken.Task);
        var mostAhead = 0;
        var reader = new ScriptedRequests(Settle(5000), read => mostAhead = Math.Max(mostAhead, read - writer.Flushed));

        var run = RunAsync(reader, writer, NeverAsked, settle: message => Task.FromResult(Ended(message)));
        await Until.TrueAsync(() => reader.Read == 1024, "the bound is reached");
        Assert.False(run.IsCompleted);
        taken.SetResult();
        await run;

        Assert.Equal(1024, mostAhead);
        Assert.Equal(Enumerable.Range(0, 5000).Select(number => (ulong)number), writer.Taken.Select(taken => taken.Answer.CorrelationId).Order());
        Assert.All(writer.Taken, taken => Assert.NotNull(taken.Answer.Settled));
    }

    [Fact]
    public async Task Stream_OfASettleThatTakesLong_AnswersOthersMeanwhileAndEndsWhenItHas()
    {
        var ended = new TaskCompletionSource();
        var writer = new ScriptedAnswers(Task.CompletedTask);

        var run = RunAsync(new ScriptedRequests([.. Settle(1), .. Ask(3)]), writer, Answer, settle: async message =>
        {
            await ended.Task;
            return Ended(message);
        });
        await Until.TrueAsync(() => writer.Flushed == 3, "the questions are answered");
        Assert.False(run.IsCompleted);
        ended.SetResult();
        await run;

        Assert.Equal(4, writer.Taken.Count);
        Assert.NotNull(writer.Taken[3].Answer.Settled);
    }

    [Fact]
    public async Task Stream_WhoseCallerIsGone_EndsWhenItsLastDecisionHas()
    {
        var other = new TaskCompletionSource();
        var gone = Task.FromException(new IOException("the connection is closed"));
        var requests = new ScriptedRequests(Ask(2, number => number == 0 ? "quick" : "slow"));

        var run = RunAsync(requests, new ScriptedAnswers(gone), (group, answer) =>
            group[0].Question.Agent.Value == "quick" ? Answer(group, answer) : other.Task);
        Assert.False(run.IsCompleted);
        other.SetResult();

        await Assert.ThrowsAsync<IOException>(() => run);
    }

    [Fact]
    public async Task Stream_WhoseKeyEnds_AsksNothingMore()
    {
        var asked = 0;
        var checks = 0;
        var requests = new ScriptedRequests(Ask(1000));

        var failure = await Assert.ThrowsAsync<RpcException>(() => RunAsync(
            requests,
            new ScriptedAnswers(Task.CompletedTask),
            (group, answer) =>
            {
                asked += group.Count;
                return Answer(group, answer);
            },
            isStillValid: () => Interlocked.Increment(ref checks) <= 300));

        Assert.Equal(StatusCode.Unauthenticated, failure.StatusCode);
        Assert.Equal((300, 301), (asked, requests.Read));
    }

    [Fact]
    public async Task Stream_ThatFailsWhileItsCallerIsSilent_LeavesNoReadBehind()
    {
        var caller = new SilentCaller();
        var gone = Task.FromException(new IOException("the connection is closed"));

        await Assert.ThrowsAsync<IOException>(() => RunAsync(caller, new ScriptedAnswers(gone), Answer, cancelRead: caller.CancelRead));

        Assert.True(caller.ReadIsOver);
    }

    private static async Task RunAsync(
        IAsyncStreamReader<EnforceStreamRequest> requests,
        ScriptedAnswers responses,
        Func<IReadOnlyList<PlacedQuestion>, Action<ulong, EnforceOutcome>, Task> decide,
        Func<bool>? isStillValid = null,
        Action? cancelRead = null,
        Func<EnforceQuestion, EnforceOutcome?>? decideHere = null,
        Func<EnforceStreamRequest, Task<EnforceOutcome>>? settle = null,
        CancellationToken cancellationToken = default)
    {
        using var answers = new StreamAnswers(responses, Caller, IsStillValidAsync, Unrecorded);
        await new EnforceStreamSession(
            Caller,
            requests,
            answers,
            cancelRead ?? (() => { }),
            IsStillValidAsync,
            decideHere ?? (_ => null),
            decide,
            settle ?? (_ => throw new InvalidOperationException("nothing is to be settled"))).RunAsync(cancellationToken);

        ValueTask<bool> IsStillValidAsync() => ValueTask.FromResult(isStillValid?.Invoke() ?? true);
    }

    private static DecisionTrail Unrecorded { get; } = new(null, new DecisionEvents([]), TimeProvider.System);

    private static EnforceOutcome? Decided => new EnforceOutcome(new EnforceResponse(), null);

    private static Task NeverAsked(IReadOnlyList<PlacedQuestion> group, Action<ulong, EnforceOutcome> answer) =>
        throw new InvalidOperationException("no grain is to be asked");

    private static Task Answer(IReadOnlyList<PlacedQuestion> group, Action<ulong, EnforceOutcome> answer)
    {
        foreach (var placed in group)
        {
            answer(placed.Place, new EnforceOutcome(new EnforceResponse(), null));
        }

        return Task.CompletedTask;
    }

    private static EnforceOutcome Ended(EnforceStreamRequest message) =>
        new(null, null, Ended: new EnforceStreamResponse { CorrelationId = message.CorrelationId, Settled = new SettleResponse() });

    private static IEnumerable<EnforceStreamRequest> Settle(int count) =>
        Enumerable.Range(0, count).Select(number => new EnforceStreamRequest { CorrelationId = (ulong)number, Settle = new SettleRequest() });

    private static IEnumerable<EnforceStreamRequest> Ask(int count, Func<int, string>? agent = null) =>
        Enumerable.Range(0, count).Select(number => new EnforceStreamRequest
        {
            CorrelationId = (ulong)number,
            Enforce = new EnforceRequest { AgentId = agent?.Invoke(number) ?? "bot", Action = "a:x" },
        });

    /// <summary>Sends one request and then nothing.</summary>
    private sealed class SilentCaller : IAsyncStreamReader<EnforceStreamRequest>
    {
        private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _sent;

        public bool ReadIsOver { get; private set; }

        public Task Waits => _waits.Task;

        public EnforceStreamRequest Current { get; } = Ask(1).Single();

        public void CancelRead() => _cancelled.SetResult();

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!_sent)
            {
                return _sent = true;
            }

            _waits.SetResult();
            await _cancelled.Task.WaitAsync(cancellationToken);
            ReadIsOver = true;
            return false;
        }
    }
}
