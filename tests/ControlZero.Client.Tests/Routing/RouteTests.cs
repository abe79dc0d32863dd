using ControlZero.Client.Routing;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Client.Tests.Routing;

public sealed class RouteTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Endpoint[] _all;

    public RouteTests() => _all = TestEndpoints.Several(3, _clock);

    public void Dispose() => Array.ForEach(_all, endpoint => endpoint.Dispose());

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.DeadlineExceeded)]
    public void Ended_WithoutADecision_GoesOnInOrderAndThenBeginsAnew(StatusCode status)
    {
        var route = new Route(_all);
        var asked = new List<(Endpoint, bool)>();

        for (var attempt = 0; attempt < 4; attempt++)
        {
            var endpoint = route.Next();
            route.Ended(status);
            asked.Add((endpoint, route.HasAnother));
        }

        Assert.Equal([(_all[0], true), (_all[1], true), (_all[2], false), (_all[0], true)], asked);
    }

    [Theory]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.ResourceExhausted)]
    [InlineData(StatusCode.Unauthenticated)]
    [InlineData(StatusCode.Cancelled)]
    public void Ended_WithAnAnswerOrByTheCaller_KeepsTheAddress(StatusCode status)
    {
        var route = new Route(_all);

        route.Next();
        route.Ended(status);

        Assert.False(route.HasAnother);
        Assert.Same(_all[0], route.Next());
        Assert.Same(_all[0], new Route(_all).Next());
    }

    [Fact]
    public void Next_AddressFailedAnotherCall_IsPassedOverUntilItsBackOffEnds()
    {
        var failing = new Route(_all);
        failing.Next();
        failing.Ended(StatusCode.Unavailable);

        Assert.Same(_all[1], new Route(_all).Next());
        _clock.Advance(Standing.MaxBackOff);

        Assert.Same(_all[0], new Route(_all).Next());
        Assert.Same(_all[1], new Route(_all).Next());
    }

    [Fact]
    public void Stale_BeforeAnotherAnswers_IsSetAsideForAsLongAsItAsked()
    {
        var route = new Route(_all);
        route.Next();
        route.Stale(new Staleness(TimeSpan.FromSeconds(1)));
        Assert.Same(_all[0], new Route(_all).Next());

        Assert.Same(_all[1], route.Next());
        route.Answered();
        route.Leave();

        Assert.Same(_all[1], new Route(_all).Next());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Same(_all[0], new Route(_all).Next());
    }

    [Fact]
    public void Stale_Everywhere_SetsNoneAside()
    {
        var route = new Route(_all);
        var asked = new List<(Endpoint, bool)>();

        foreach (var _ in _all)
        {
            var endpoint = route.Next();
            route.Stale(new Staleness(TimeSpan.FromSeconds(1)));
            asked.Add((endpoint, route.HasAnother));
        }

        route.Leave();

        Assert.Equal([(_all[0], true), (_all[1], true), (_all[2], false)], asked);
        Assert.Same(_all[0], new Route(_all).Next());
    }

    [Fact]
    public void Stale_ByATryThatNoOtherAnswers_LetsAnotherTry()
    {
        LetFirstBeTried();

        var trying = new Route(_all);
        trying.Next();
        trying.Stale(new Staleness(TimeSpan.FromSeconds(1)));
        Assert.Same(_all[1], new Route(_all).Next());
        trying.Next();
        trying.Leave();

        Assert.Same(_all[0], new Route(_all).Next());
    }

    [Fact]
    public void Stale_NamingTheOwner_AsksItNext()
    {
        var route = new Route(_all);

        route.Next();
        route.Stale(new Staleness(TimeSpan.Zero, _all[2]));

        Assert.Same(_all[2], route.Next());
    }

    [Fact]
    public void Stale_NamingAnOwnerThatWasStale_AsksNobodyElse()
    {
        var route = new Route(_all);

        route.Next();
        route.Stale(new Staleness(TimeSpan.Zero));
        route.Next();
        route.Stale(new Staleness(TimeSpan.Zero, _all[0]));

        Assert.False(route.HasAnother);
    }

    [Fact]
    public void Leave_WithATryUnderWay_LetsAnotherTry()
    {
        LetFirstBeTried();

        var trying = new Route(_all);
        trying.Next();
        trying.Leave();

        Assert.Same(_all[0], new Route(_all).Next());
    }

    [Fact]
    public void Next_AllSetAside_AsksInOrderAllTheSame()
    {
        var failing = new Route(_all);
        foreach (var _ in _all)
        {
            failing.Next();
            failing.Ended(StatusCode.Unavailable);
        }

        var route = new Route(_all);
        var first = route.Next();
        route.Ended(StatusCode.Unavailable);

        Assert.Equal((_all[0], _all[1]), (first, route.Next()));
    }

    // It failed so long ago that one call tries it again.
    private void LetFirstBeTried()
    {
        var failing = new Route([_all[0]]);
        failing.Next();
        failing.Ended(StatusCode.Unavailable);
        _clock.Advance(Standing.MaxBackOff);
    }
}
