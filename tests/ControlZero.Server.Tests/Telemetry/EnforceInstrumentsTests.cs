using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Server.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Telemetry;

public sealed class EnforceInstrumentsTests : IDisposable
{
    private readonly Measured _measured = new();
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Decision_OfOneCall_IsCountedAndTimedOnce()
    {
        var instruments = new EnforceInstruments(_measured.Meters, _clock);

        var begun = instruments.Begin();
        _clock.Advance(TimeSpan.FromMilliseconds(2));
        instruments.OnDecided(Of(Effect.Deny, "RULE_MATCH"));
        _clock.Advance(TimeSpan.FromMilliseconds(3));
        instruments.OnAnswered("deny", "RULE_MATCH", begun);

        Assert.Equal(["deny,RULE_MATCH=1"], _measured.Of("controlzero.enforce.decisions"));
        Assert.Equal(["deny,RULE_MATCH=0.005"], _measured.Of("controlzero.enforce.duration"));
    }

    [Fact]
    public void Decisions_OfManyThreads_AreAllCounted()
    {
        var instruments = new EnforceInstruments(_measured.Meters, _clock);
        var allow = Of(Effect.Allow, "RULE_MATCH");

        using var start = new Barrier(4);
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            for (var i = 0; i < 500_000; i++)
            {
                instruments.OnDecided(allow);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(["allow,RULE_MATCH=2000000"], _measured.Of("controlzero.enforce.decisions"));
    }

    [Fact]
    public void ReasonCodes_ThatPoliciesMadeUp_AreOneSeries()
    {
        var instruments = new EnforceInstruments(_measured.Meters, _clock);

        foreach (var code in new[] { "TEAM_1", "TEAM_2", "custom", "rule_match", "" })
        {
            instruments.OnDecided(Of(Effect.Deny, code));
        }

        Assert.Equal(["deny,custom=5"], _measured.Of("controlzero.enforce.decisions"));
    }

    [Fact]
    public void ReasonCodes_OfThisProject_AreASeriesEach()
    {
        var instruments = new EnforceInstruments(_measured.Meters, _clock);

        foreach (var code in ReasonCodes.Reserved)
        {
            instruments.OnDecided(Of(Effect.Warn, code));
        }

        Assert.Equal(
            ReasonCodes.Reserved.Select(code => $"warn,{code}=1").Order(StringComparer.Ordinal),
            _measured.Of("controlzero.enforce.decisions"));
    }

    [Fact]
    public void Effect_OfANewerSilo_IsCountedAsUnspecified()
    {
        var instruments = new EnforceInstruments(_measured.Meters, _clock);

        instruments.OnDecided(Of((Effect)99, "RULE_MATCH"));

        Assert.Equal(["unspecified,RULE_MATCH=1"], _measured.Of("controlzero.enforce.decisions"));
    }

    [Fact]
    public void Answers_OfEveryEffectAndCode_AreTimedInTheSeriesTheyAreCountedIn()
    {
        var instruments = new EnforceInstruments(_measured.Meters, _clock);
        var decisions = Enum.GetValues<Effect>().SelectMany(effect => ReasonCodes.Reserved.Append("TEAM").Select(code => Of(effect, code))).ToList();

        var begun = instruments.Begin();
        _clock.Advance(TimeSpan.FromSeconds(1));
        foreach (var decision in decisions)
        {
            instruments.OnDecided(decision);
            instruments.OnAnswered(decision.Effect.ToWord(), decision.ReasonCode, begun);
        }

        Assert.Equal(decisions.Count, _measured.Of("controlzero.enforce.duration").Length);
        Assert.Equal(_measured.Of("controlzero.enforce.decisions"), _measured.Of("controlzero.enforce.duration"));
    }

    // What a limit denied after the policies had allowed it is no difference: in shadow no limit is asked.
    [Fact]
    public void Shadows_AreCountedByWhatPoliciesDecide_AndWhereNoneIsSaidNotAtAll()
    {
        var instruments = new EnforceInstruments(_measured.Meters, _clock);
        var (allows, denies) = (new ShadowAnswer { Effect = Effect.Warn, ReasonCode = "RULE_MATCH", RuleId = "r" }, new ShadowAnswer { Effect = Effect.Deny, ReasonCode = "RULE_MATCH", RuleId = "r" });

        instruments.OnDecided(Of(Effect.Allow, "RULE_MATCH"));
        instruments.OnDecided(Of(Effect.Allow, "RULE_MATCH") with { Shadow = allows });
        instruments.OnDecided(Of(Effect.Deny, "QUOTA_EXCEEDED") with { Shadow = allows });
        instruments.OnDecided(Of(Effect.Allow, "RULE_MATCH") with { Shadow = denies });
        instruments.OnDecided(Of(Effect.Deny, "TOO_DEAR") with { Shadow = allows });
        instruments.OnDecided(Of(Effect.Deny, "NO_RULE_MATCH") with { Shadow = denies });

        Assert.Equal(["allow,allow=2", "allow,deny=1", "deny,allow=1", "deny,deny=1"], _measured.Of("controlzero.enforce.shadow.decisions"));
    }

    [Fact]
    public void Sizes_AndHops_AreToldApart()
    {
        var instruments = new EnforceInstruments(_measured.Meters, _clock);

        instruments.OnBatch(3);
        instruments.OnStreamGroup(7);
        instruments.OnHop(remote: true);
        instruments.OnHop(remote: false);
        instruments.OnHop(remote: false);

        Assert.Equal(["batch=3", "stream=7"], _measured.Of("controlzero.enforce.group.size"));
        Assert.Equal(["local=2", "remote=1"], _measured.Of("controlzero.enforce.hops"));
    }

    [Fact]
    public void Begin_WithNobodyListening_DoesNotLookAtTheClock()
    {
        using var unheard = new Measured(listen: false);

        var begun = new EnforceInstruments(unheard.Meters, _clock).Begin();

        Assert.Equal(0, begun);
    }

    [Fact]
    public void OneCall_WithAListener_AllocatesNothing()
    {
        using var heard = new QuietListener();
        var instruments = new EnforceInstruments(heard.Meters, TimeProvider.System);
        var decision = Of(Effect.Allow, "RULE_MATCH");
        Run(instruments, decision, 100);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(instruments, decision, 10_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(heard.Count >= 10_000);
    }

    public void Dispose() => _measured.Dispose();

    private static void Run(EnforceInstruments instruments, Decision decision, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var begun = instruments.Begin();
            instruments.OnDecided(decision);
            instruments.OnAnswered("allow", "RULE_MATCH", begun);
            instruments.OnHop(remote: false);
        }
    }

    private static Decision Of(Effect effect, string code) => new() { Effect = effect, ReasonCode = code, Reason = "", RuleId = "r" };
}
