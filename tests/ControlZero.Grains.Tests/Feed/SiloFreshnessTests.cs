using ControlZero.Abstractions.Agents;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using Microsoft.Extensions.Options;

namespace ControlZero.Grains.Tests.Feed;

public sealed class SiloFreshnessTests
{
    [Theory]
    [InlineData(3, 0, 3)]
    [InlineData(0, 3, 3)]
    [InlineData(1, -3600, 1)]
    public void Since_WhereTheClocksDiffer_IsTheLongerTime(int monotonicSeconds, int wallSeconds, int expectedSeconds)
    {
        var clock = new TwoClocks();
        var freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), clock);
        freshness.Confirm(freshness.Now(), 1);

        clock.Monotonic += TimeSpan.FromSeconds(monotonicSeconds);
        clock.Wall += TimeSpan.FromSeconds(wallSeconds);

        Assert.Equal(TimeSpan.FromSeconds(expectedSeconds), freshness.Age);
        Assert.Equal(expectedSeconds < 2, freshness.IsFresh);
    }

    [Fact]
    public void Freshness_BeforeAnythingWasConfirmed_IsNone()
    {
        var freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), new TwoClocks());

        Assert.Equal((TimeSpan.MaxValue, false, 0L), (freshness.Age, freshness.IsFresh, freshness.Sequence));
    }

    [Fact]
    public async Task Ensure_WhileReadsFail_WaitsForNone()
    {
        var freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), new TwoClocks());
        var reads = 0;
        freshness.ReadBy(() =>
        {
            reads++;
            freshness.Fail();
            return Task.CompletedTask;
        });

        Assert.False(await freshness.EnsureAsync());
        Assert.False(await freshness.EnsureAsync());
        Assert.Equal(1, reads);
    }

    [Theory]
    [InlineData("00:00:00.1", false)]
    [InlineData("00:00:00.2", true)]
    [InlineData("00:05:00", true)]
    [InlineData("00:05:01", false)]
    public void Bound_OutOfRange_IsRefused(string bound, bool accepted) => Assert.Equal(
        accepted,
        new FreshnessOptionsValidator().Validate(null, new FreshnessOptions { Bound = TimeSpan.Parse(bound, System.Globalization.CultureInfo.InvariantCulture) }).Succeeded);

    /// <summary>Ages in ms of what the deciding silo knew and of what this process knew when it asked, and how long an allow may still leave.</summary>
    [Theory]
    [InlineData(100, 0, 1_900)]
    [InlineData(100, 1_500, 500)]
    [InlineData(1_500, 100, 500)]
    [InlineData(0, 2_001, -1)]
    public void LeaseOf_AnAllow_EndsWithTheOlderKnowledgeOfTheTwo(int decided, int own, int left)
    {
        var clock = new TwoClocks();
        var freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), clock);
        freshness.Confirm(freshness.Now(), 1);
        clock.Pass(own);

        var lease = freshness.LeaseOf(Allow(TimeSpan.FromMilliseconds(decided)), freshness.Ask());

        clock.Pass(Math.Max(left, 0));
        Assert.Equal(left < 0, lease.IsOver);
        clock.Pass(1);
        Assert.True(lease.IsOver);
    }

    /// <summary>A front door that was cut off took a key for valid and asked a silo that is fresh. That it reads the feed meanwhile makes the key no better.</summary>
    [Fact]
    public void LeaseOf_AnAllowThatWasAskedForBeforeTheFeedWasRead_CountsWhatWasKnownThen()
    {
        var clock = new TwoClocks();
        var freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), clock);
        freshness.Confirm(freshness.Now(), 1);
        clock.Pass(2_001);
        var asked = freshness.Ask();

        freshness.Confirm(freshness.Now(), 2);

        Assert.True(freshness.LeaseOf(Allow(TimeSpan.Zero), asked).IsOver);
        Assert.False(freshness.LeaseOf(Allow(TimeSpan.Zero), freshness.Ask()).IsOver);
    }

    [Fact]
    public void LeaseOf_WhatMayLeaveAtAnyTime_NeverEnds()
    {
        var clock = new TwoClocks();
        var freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), clock);
        var stale = freshness.LeaseOf(Allow(age: null), freshness.Ask());
        var deny = freshness.LeaseOf(new Authorization(Admission.Stale, 0, 1, Age: TimeSpan.Zero), freshness.Ask());

        clock.Pass(3_600_000);

        Assert.Equal((false, false), (stale.IsOver, deny.IsOver));
    }

    private static Authorization Allow(TimeSpan? age) =>
        new(new Decision { Effect = Effect.Allow, ReasonCode = ReasonCodes.RuleMatch, Reason = "", RuleId = "r" }, 1, 1, Age: age);

    private sealed class TwoClocks : TimeProvider
    {
        public TimeSpan Monotonic { get; set; } = TimeSpan.FromDays(1);

        public DateTimeOffset Wall { get; set; } = DateTimeOffset.UnixEpoch;

        public void Pass(int milliseconds)
        {
            Monotonic += TimeSpan.FromMilliseconds(milliseconds);
            Wall += TimeSpan.FromMilliseconds(milliseconds);
        }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Monotonic.Ticks;

        public override DateTimeOffset GetUtcNow() => Wall;
    }
}
