using ControlZero.Client.Routing;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Client.Tests.Routing;

public sealed class RendezvousTests : IDisposable
{
    /// <summary>Their clock stands still, so an address that failed stays set aside and is only asked in its turn.</summary>
    private readonly Endpoint[] _all = TestEndpoints.Several(4, new FakeTimeProvider());

    public void Dispose() => Array.ForEach(_all, endpoint => endpoint.Dispose());

    /// <summary>The Node client's test holds the same list: both must send an agent to the same silo.</summary>
    [Theory]
    [InlineData("", "dcba")]
    [InlineData("a", "dcba")]
    [InlineData("agent-1", "bdac")]
    [InlineData("agent-2", "cadb")]
    [InlineData("support-bot", "bcad")]
    [InlineData("team@example.com:écrivain", "abcd")]
    public void Order_OfAnAgent_IsTheSameInEveryClient(string agent, string order) => Assert.Equal(order, Order(agent, _all));

    [Fact]
    public void Order_AddressTakenAway_LeavesTheOrderOfTheOthers()
    {
        var less = _all.Where(endpoint => endpoint.Authority != "b:5050").ToArray();

        Assert.All(Agents(1_000), agent => Assert.Equal(Order(agent, _all).Replace("b", "", StringComparison.Ordinal), Order(agent, less)));
    }

    [Fact]
    public void Order_WrittenInAnotherOrder_IsTheSame() =>
        Assert.All(Agents(1_000), agent => Assert.Equal(Order(agent, _all), Order(agent, [.. _all.Reverse()])));

    /// <summary>The agents are fixed, so the counts are: this fails only when the hash is changed to a worse one.</summary>
    [Fact]
    public void Order_ManyAgents_GivesEachAddressItsShare()
    {
        var counts = Agents(10_000).GroupBy(agent => Order(agent, _all)[0]).Select(group => group.Count()).ToList();

        Assert.Equal(4, counts.Count);
        Assert.All(counts, count => Assert.InRange(count, 2_400, 2_600));
    }

    [Fact]
    public void Learn_OwnerNamed_IsAskedFirst()
    {
        var endpoints = new Endpoints(_all);
        var order = Ranking("agent-1");

        endpoints.Learn("agent-1", new Metadata { { Endpoints.OwnerHeader, $"{char.ToUpperInvariant(order[2])}:5050" } });

        Assert.Equal($"{order[2]}:5050", endpoints.For("agent-1").Next().Authority);
    }

    [Fact]
    public void Learn_NoOwnerNamed_KeepsWhatIsKnown()
    {
        var endpoints = new Endpoints(_all);
        var order = Ranking("agent-1");
        endpoints.Learn("agent-1", new Metadata { { Endpoints.OwnerHeader, $"{order[2]}:5050" } });

        endpoints.Learn("agent-1", []);

        Assert.Equal($"{order[2]}:5050", endpoints.For("agent-1").Next().Authority);
    }

    [Theory]
    [InlineData("elsewhere:5050")]
    [InlineData("nonsense")]
    [InlineData("")]
    public void Learn_OwnerThatIsNoneOfTheAddresses_GoesByTheOrderAgain(string owner)
    {
        var endpoints = new Endpoints(_all);
        var order = Ranking("agent-1");
        endpoints.Learn("agent-1", new Metadata { { Endpoints.OwnerHeader, $"{order[2]}:5050" } });

        endpoints.Learn("agent-1", new Metadata { { Endpoints.OwnerHeader, owner } });

        Assert.Equal($"{order[0]}:5050", endpoints.For("agent-1").Next().Authority);
    }

    /// <summary>The order without asking, so that no address is set aside.</summary>
    private static string Ranking(string agent) => Order(agent, TestEndpoints.Several(4, new FakeTimeProvider()));

    private static IEnumerable<string> Agents(int count) => Enumerable.Range(0, count).Select(index => $"agent-{index}");

    /// <summary>The addresses' names in the order they are asked about an agent when one after the other fails.</summary>
    private static string Order(string agent, Endpoint[] all)
    {
        var route = new Endpoints(all).For(agent);
        return string.Concat(all.Select(_ =>
        {
            var asked = route.Next().Authority[0];
            route.Ended(StatusCode.Unavailable);
            return asked;
        }));
    }
}
