using Grpc.Core;

namespace ControlZero.Client.Routing;

/// <summary>The addresses of the cluster, and which of them to ask about an agent.</summary>
internal sealed class Endpoints : IDisposable
{
    /// <summary>The response header by which the cluster names the address of the silo that owns the agent, <c>host:port</c>, when another one answered.</summary>
    public const string OwnerHeader = "controlzero-owner";

    /// <summary>Unit: agents.</summary>
    private const int MaxOwners = 10_000;

    private readonly IReadOnlyList<Endpoint> _all;
    private readonly AgentOwners _owners = new(MaxOwners);

    /// <param name="all">The addresses in the order they are configured; at least one.</param>
    public Endpoints(IReadOnlyList<Endpoint> all)
    {
        _all = all;
        Calls = all is [var only] ? only.Calls : new ReachableCalls(this);
    }

    /// <summary>Calls of the generated clients: to the first address that can be reached.</summary>
    public CallInvoker Calls { get; }

    /// <summary>The way of a call that is about no agent: the addresses as configured.</summary>
    public Route InOrder() => new(_all);

    /// <summary>The address of a call that ends as it may, and says little about the address: a stream.</summary>
    public Endpoint FirstReachable()
    {
        var route = InOrder();
        var first = route.Next();
        route.Abandoned();
        return first;
    }

    /// <summary>The way of a call about an agent: its owner if the cluster named one, then the addresses as they rank for the agent.</summary>
    public Route For(string agent)
    {
        if (_all.Count == 1)
        {
            return InOrder();
        }

        var ranked = Ranked(agent);
        if (_owners.TryGet(agent, out var owner))
        {
            ranked.Remove(owner);
            ranked.Insert(0, owner);
        }

        return new Route(ranked);
    }

    /// <summary>Takes what an answer about an agent says about its owner. An owner that is none of the addresses cannot be asked.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="headers">The headers of the answer. Without the owner's, whoever answered owns the agent or does not know: nothing is learned.</param>
    /// <returns>The owner that was named, if it is one of the addresses.</returns>
    public Endpoint? Learn(string agent, Metadata headers)
    {
        if (_all.Count == 1 || headers.GetValue(OwnerHeader) is not { } named)
        {
            return null;
        }

        var owner = _all.FirstOrDefault(endpoint => endpoint.Authority.Equals(named, StringComparison.OrdinalIgnoreCase));
        if (owner is null || owner == Ranked(agent)[0])
        {
            _owners.Forget(agent);
        }
        else
        {
            _owners.Set(agent, owner);
        }

        return owner;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var endpoint in _all)
        {
            endpoint.Dispose();
        }
    }

    private List<Endpoint> Ranked(string agent)
    {
        var seed = Rendezvous.Seed(agent);
        return [.. _all
            .OrderByDescending(endpoint => Rendezvous.Score(endpoint.Seed, seed))
            .ThenBy(endpoint => endpoint.Authority, StringComparer.Ordinal)];
    }
}
