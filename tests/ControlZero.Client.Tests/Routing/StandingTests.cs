using ControlZero.Client.Routing;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Client.Tests.Routing;

public sealed class StandingTests
{
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(1);
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData(0.0, 100)]
    [InlineData(0.5, 150)]
    public void Failed_Once_SetsAsideForPartOfTheFirstBackOffByChance(double chance, int milliseconds)
    {
        var standing = new Standing(_clock, () => chance);

        standing.Failed(Enter(standing));

        AssertSetAsideFor(standing, TimeSpan.FromMilliseconds(milliseconds));
    }

    [Fact]
    public void Failed_AgainAndAgain_BacksOffTwiceAsLongUpToTheLongest()
    {
        var standing = new Standing(_clock, () => 0);
        standing.Failed(Enter(standing));

        foreach (var milliseconds in new[] { 100, 200, 400, 800, 1600, 2500, 2500, 2500, 2500, 2500, 2500, 2500, 2500 })
        {
            AssertSetAsideFor(standing, TimeSpan.FromMilliseconds(milliseconds));
            standing.Failed(Enter(standing));
        }
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(99, 100)]
    [InlineData(1_000, 1_000)]
    [InlineData(60_000, 5_000)]
    public void Failed_AskingToBeLeftAlone_SetsAsideForThatLongUpToTheLongest(int atLeast, int milliseconds)
    {
        var standing = new Standing(_clock, () => 0);

        standing.Failed(Enter(standing), TimeSpan.FromMilliseconds(atLeast));

        AssertSetAsideFor(standing, TimeSpan.FromMilliseconds(milliseconds));
    }

    [Fact]
    public void Failed_ManyCallsTogether_CountsOnce()
    {
        var standing = new Standing(_clock, () => 0);
        var calls = Enumerable.Range(0, 100).Select(_ => Enter(standing)).ToList();

        calls.ForEach(call => standing.Failed(call));

        AssertSetAsideFor(standing, TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void TryEnter_AfterTheBackOff_LetsOneCallTry()
    {
        var standing = SetAsideAndDue();

        Assert.True(standing.TryEnter(out _));
        Assert.False(standing.TryEnter(out _));
    }

    [Fact]
    public void Answered_ByTheTry_LetsAllIn()
    {
        var standing = SetAsideAndDue();

        standing.Answered(Enter(standing));

        Assert.True(standing.TryEnter(out _));
        Assert.True(standing.TryEnter(out _));
    }

    [Fact]
    public void Answered_ThenFailed_BeginsWithTheFirstBackOffAgain()
    {
        var standing = SetAsideAndDue();
        standing.Failed(Enter(standing));
        _clock.Advance(Standing.MaxBackOff);
        standing.Answered(Enter(standing));

        standing.Failed(Enter(standing));

        AssertSetAsideFor(standing, TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Answered_ByACallFromBeforeTheFailure_LeavesItSetAside()
    {
        var standing = new Standing(_clock, () => 0);
        var (early, failing) = (Enter(standing), Enter(standing));
        standing.Failed(failing);

        standing.Answered(early);

        Assert.False(standing.TryEnter(out _));
    }

    [Fact]
    public void Abandoned_ByTheTry_LetsAnotherTry()
    {
        var standing = SetAsideAndDue();

        standing.Abandoned(Enter(standing));

        Assert.True(standing.TryEnter(out _));
        Assert.False(standing.TryEnter(out _));
    }

    [Fact]
    public void Abandoned_ByAnotherCall_LeavesTheTryAlone()
    {
        var standing = SetAsideAndDue();
        var forced = standing.Enter();
        Enter(standing);

        standing.Abandoned(forced);

        Assert.False(standing.TryEnter(out _));
    }

    [Fact]
    public void Enter_SetAside_LetsInAllTheSameAndItsAnswerCounts()
    {
        var standing = new Standing(_clock, () => 0);
        standing.Failed(Enter(standing));

        standing.Answered(standing.Enter());

        Assert.True(standing.TryEnter(out _));
    }

    private static Visit Enter(Standing standing)
    {
        Assert.True(standing.TryEnter(out var visit));
        return visit;
    }

    private Standing SetAsideAndDue()
    {
        var standing = new Standing(_clock, () => 0);
        standing.Failed(Enter(standing));
        _clock.Advance(Standing.MaxBackOff);
        return standing;
    }

    /// <summary>Leaves the clock where the address may be tried.</summary>
    private void AssertSetAsideFor(Standing standing, TimeSpan time)
    {
        _clock.Advance(time - Instant);
        Assert.False(standing.TryEnter(out _));
        _clock.Advance(Instant);
        Assert.True(standing.TryEnter(out var visit));
        standing.Abandoned(visit);
    }
}
