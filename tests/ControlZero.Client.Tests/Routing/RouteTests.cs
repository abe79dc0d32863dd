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
}
