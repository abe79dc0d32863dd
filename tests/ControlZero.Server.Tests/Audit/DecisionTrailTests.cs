using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Log;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Rpc;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using AuditEventKind = ControlZero.Audit.Format.Events.AuditEventKind;
using ChargedUnits = ControlZero.Abstractions.Quotas.ChargedUnits;

namespace ControlZero.Server.Tests.Audit;

/// <summary>The order at the end of an answer's way: recorded, looked at once more, amended if need be, gone.</summary>
public sealed class DecisionTrailTests
{
    private const int BytesOfAnEvent = 240;

    private static readonly TenantId Tenant = TenantId.Parse("acme");

    private static readonly ClientIdentity Caller = new(new KeyRecord
    {
        Id = KeyId.Parse("abcdefghijkl"),
        Tenant = Tenant,
        Name = "",
        Scopes = [Scopes.Enforce],
        Agents = [],
        Hash = "",
        CreatedAt = DateTimeOffset.UnixEpoch,
        CreatedBy = "",
    });

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));
    private readonly SiloFreshness _freshness;
    private readonly MemoryLog _log = new();
    private readonly DecisionTrail _trail;

    public DecisionTrailTests()
    {
        _freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), _clock);
        _trail = new DecisionTrail(_log, new DecisionEvents([]), _clock);
    }

    private TimeSpan Half => (_freshness.Bound / 2) + TimeSpan.FromTicks(1);

    private TimeSpan TooLong => _freshness.Bound + TimeSpan.FromTicks(1);

    [Fact]
    public async Task Answer_BeforeItsEventIsDurable_DoesNotLeave()
    {
        var durable = new TaskCompletionSource<AuditAppend>();
        _log.Outcome = _ => durable.Task;

        var leaving = _trail.LeaveAsync(Allow("d1"), Caller);
        Assert.False(leaving.IsCompleted);
        durable.SetResult(new AuditAppend(AuditOutcome.Durable));

        Assert.Equal(Decision.Allow, (await leaving).Response!.Decision);
        Assert.Equal([("d1", AuditEventKind.Decision, true)], Recorded());
    }

    [Theory]
    [InlineData(AuditOutcome.Durable, true)]
    [InlineData(AuditOutcome.Buffered, true)]
    [InlineData(AuditOutcome.Dropped, true)]
    [InlineData(AuditOutcome.Unavailable, false)]
    public async Task Answer_LeavesOnlyWhenTheLogSaysSo(AuditOutcome outcome, bool leaves)
    {
        _log.Outcome = _ => Task.FromResult(new AuditAppend(outcome));

        var one = await _trail.LeaveAsync(Allow("d1"), Caller);
        EnforceOutcome[] several = [Allow("d2"), Allow("d3")];
        await _trail.LeaveAsync(several, Caller);
        var streamed = await _trail.EndAsync([(1, Allow("d4"))], await _trail.BeginAsync([(1, Allow("d4"))], Caller), Caller);

        Assert.All(
            [one, .. several, streamed[0].Outcome],
            each => Assert.Equal(leaves ? null : RpcErrors.AuditUnavailable(), each.Error));
    }

    [Fact]
    public async Task Allow_ThatGrewTooOldWhileItWasRecorded_IsAmendedBeforeItLeavesAsADeny()
    {
        var amended = new TaskCompletionSource<AuditAppend>();
        _log.Outcome = append =>
        {
            _clock.Advance(append == 0 ? TooLong : TimeSpan.Zero);
            return append == 0 ? Task.FromResult(new AuditAppend(AuditOutcome.Durable)) : amended.Task;
        };

        var leaving = _trail.LeaveAsync(Allow("d1"), Caller);
        Assert.False(leaving.IsCompleted);
        amended.SetResult(new AuditAppend(AuditOutcome.Durable));

        var left = await leaving;
        Assert.Equal((Decision.Deny, "POLICY_STALE", "d1"), (left.Response!.Decision, left.Response.ReasonCode, left.Response.DecisionId));
        Assert.Equal([("d1", AuditEventKind.Decision, true), ("d1", AuditEventKind.Amendment, false)], Recorded());
        EventAssert.Equal("acme", Request, left.Response, _log.Events[1]);
    }

    [Fact]
    public async Task Allow_ThatWasTooOldAlready_IsRecordedOnceAsTheDenyItLeavesAs()
    {
        var outcome = Allow("d1");
        _clock.Advance(TooLong);

        var left = await _trail.LeaveAsync(outcome, Caller);

        Assert.Equal(Decision.Deny, left.Response!.Decision);
        Assert.Equal([("d1", AuditEventKind.Decision, false)], Recorded());
    }

    [Fact]
    public async Task Amendment_ThatCannotBeRecorded_IsNoDecision()
    {
        _log.Outcome = append =>
        {
            _clock.Advance(TooLong);
            return Task.FromResult(new AuditAppend(append == 0 ? AuditOutcome.Durable : AuditOutcome.Unavailable));
        };

        var left = await _trail.LeaveAsync(Allow("d1"), Caller);

        Assert.Null(left.Response);
        Assert.Equal(RpcErrors.AuditUnavailable(), left.Error);
    }

    [Fact]
    public async Task Several_WaitOnceForAllTheirEvents_AndOnceForAllAmendments()
    {
        _log.Outcome = append =>
        {
            _clock.Advance(append == 0 ? TooLong : TimeSpan.Zero);
            return Task.FromResult(new AuditAppend(AuditOutcome.Durable));
        };
        EnforceOutcome[] outcomes =
        [
            Allow("d1"), new EnforceOutcome(null, RpcErrors.Malformed()), Deny("d2"), .. Enumerable.Range(3, 98).Select(number => Allow($"d{number}")),
        ];

        await _trail.LeaveAsync(outcomes, Caller);

        Assert.Equal([100, 99], _log.Appends);
        Assert.Equal(RpcErrors.Malformed(), outcomes[1].Error);
        Assert.All(outcomes.Where(outcome => outcome.Error is null), outcome => Assert.Equal(Decision.Deny, outcome.Response!.Decision));
        Assert.Equal(99, _log.Events.Count(audited => audited.Kind == AuditEventKind.Amendment));
    }

    // While the first amendments are written, those that were in time grow too old.
    [Fact]
    public async Task Several_ThatGrowTooOldOneAfterTheOther_AllLeaveAsWhatIsRecordedLast()
    {
        var later = _freshness.Now();
        var first = Allow("d1");
        _log.Outcome = append =>
        {
            _clock.Advance(append < 2 ? Half : TimeSpan.Zero);
            return Task.FromResult(new AuditAppend(AuditOutcome.Durable));
        };
        _clock.Advance(Half);
        EnforceOutcome[] outcomes = [first, Allow("d2")];

        await _trail.LeaveAsync(outcomes, Caller);

        Assert.True(_freshness.Since(later) > _freshness.Bound);
        Assert.Equal([2, 1, 1], _log.Appends);
        Assert.All(outcomes, outcome => Assert.Equal(
            outcome.Response!.Decision == Decision.Allow,
            _log.Events.Last(audited => audited.DecisionId == outcome.Response.DecisionId).Allowed));
        Assert.All(outcomes, outcome => Assert.Equal(Decision.Deny, outcome.Response!.Decision));
    }

    [Fact]
    public async Task Nothing_OfWhatIsNoDecision_IsRecorded()
    {
        await _trail.LeaveAsync(new EnforceOutcome(null, RpcErrors.Malformed()), Caller);
        await _trail.LeaveAsync([new EnforceOutcome(null, RpcErrors.Malformed())], Caller);
        await _trail.LeaveAsync([], Caller);

        Assert.Empty(_log.Events);
    }

    [Fact]
    public async Task Trail_WithoutALog_StillWithholdsWhatIsTooOld()
    {
        var trail = new DecisionTrail(null, new DecisionEvents([]), _clock);
        var (one, several, streamed) = (Allow("d1"), new[] { Allow("d2") }, Allow("d3"));
        _clock.Advance(TooLong);

        Assert.Equal(Decision.Deny, (await trail.LeaveAsync(one, Caller)).Response!.Decision);
        await trail.LeaveAsync(several, Caller);
        Assert.Equal(Decision.Deny, several[0].Response!.Decision);
        Assert.Equal(Decision.Deny, (await trail.EndAsync(streamed, Caller)).Response!.Decision);
    }

    [Fact]
    public async Task Charge_OfADecision_IsInItsEvent_AndInItsAmendmentForItStands()
    {
        _log.Outcome = append =>
        {
            _clock.Advance(append == 0 ? TooLong : TimeSpan.Zero);
            return Task.FromResult(new AuditAppend(AuditOutcome.Durable));
        };

        await _trail.LeaveAsync(Allow("d1") with { Charged = [new ChargedUnits("p", "daily-usd", QuotaMetric.CostUsd, 1_500)] }, Caller);
        await _trail.LeaveAsync(Allow("d2"), Caller);

        var charge = new ControlZero.Audit.Format.Events.ChargedUnits("p", "daily-usd", "cost_usd", 1_500);
        Assert.Equal([("d1", true), ("d1", true), ("d2", false)], _log.Events.Select(audited => (audited.DecisionId, audited.Charged.Contains(charge))));
    }

    // To the byte: what makes an event larger is seen here, not in a profile. The texts of the answer are its own; what is made is the event alone.
    [Fact]
    public void Event_OfWhatWasAskedBefore_AllocatesItselfAndNothingElse()
    {
        var (events, outcome, buffer) = (new DecisionEvents([]), Allow("d1"), new EventBuffer());
        Make(1_000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Make(1_000);

        Assert.Equal(BytesOfAnEvent * 1_000, GC.GetAllocatedBytesForCurrentThread() - before);

        void Make(int times)
        {
            for (var made = 0; made < times; made++)
            {
                buffer.Rewind(0);
                EventJson.Write(events.Of(AuditEventKind.Decision, outcome, Caller.Key.Id, DateTimeOffset.UnixEpoch), buffer);
            }
        }
    }

    private static EnforceRequest Request => new() { AgentId = "bot", Action = "llm.generate", Resource = "model/a", RequestId = "r" };

    private IEnumerable<(string, AuditEventKind, bool)> Recorded() => _log.Events.Select(audited => (audited.DecisionId, audited.Kind, audited.Allowed));

    private EnforceOutcome Allow(string id) => Outcome(id, Admission.Stale with { Effect = Effect.Allow, ReasonCode = "RULE_MATCH" });

    private EnforceOutcome Deny(string id) => Outcome(id, Admission.Stale);

    private EnforceOutcome Outcome(string id, Engine.Evaluation.Decision decision)
    {
        _freshness.Confirm(_freshness.Now(), 1);
        var authorization = new Authorization(decision, 1, 1, null, TimeSpan.Zero);
        return new EnforceOutcome(
            EnforceMapping.ToResponse(authorization, id, "r", false),
            null,
            _freshness.LeaseOf(authorization, _freshness.Ask()),
            EnforceQuestion.Read(Request, Caller));
    }
}
