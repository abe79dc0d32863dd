using Grpc.Core;

namespace ControlZero.Client.Routing;

/// <summary>The way of one call through the addresses: which one it asks, and which one next when that fails. Not for concurrent use.</summary>
/// <param name="order">The addresses, the preferred one first.</param>
internal sealed class Route(IReadOnlyList<Endpoint> order)
{
    private readonly List<Endpoint> _left = [.. order];
    private readonly List<(Endpoint Endpoint, Visit Visit, TimeSpan RetryAfter)> _stale = [];
    private Endpoint? _asked;
    private Visit _visit;

    /// <summary>
    /// The address to ask now: the first that is not set aside, of those that have not failed this call. When all of them are set aside
    /// it is the first all the same: an attempt may succeed, and none never does.
    /// </summary>
    public Endpoint Next()
    {
        foreach (var endpoint in _left)
        {
            if (endpoint.Standing.TryEnter(out _visit))
            {
                return _asked = endpoint;
            }
        }

        _asked = _left[0];
        _visit = _asked.Standing.Enter();
        return _asked;
    }

    /// <summary>True when the address asked failed or is stale and there is one that has not failed this call: it can be asked at once.</summary>
    public bool HasAnother { get; private set; }

    /// <summary>The address asked answered. Those that were stale before it are set aside: it knew what they did not.</summary>
    public void Answered()
    {
        HasAnother = false;
        _asked!.Standing.Answered(_visit);
        foreach (var (endpoint, visit, retryAfter) in _stale)
        {
            endpoint.Standing.Failed(visit, retryAfter);
        }

        _stale.Clear();
    }

    /// <summary>
    /// The address asked is stale. It is not asked again by this call, and the agent's owner is asked next. When that one was stale too, nobody is:
    /// everybody would ask it.
    /// </summary>
    public void Stale(Staleness staleness) => Stale(_asked!, _visit, staleness);

    /// <summary>An address that was asked in another way is stale.</summary>
    public void Stale(Endpoint endpoint, Staleness staleness) => Stale(endpoint, endpoint.Standing.Enter(), staleness);

    /// <summary>The call to the address asked ended with an error.</summary>
    public void Ended(StatusCode status)
    {
        switch (status)
        {
            case StatusCode.Unavailable:
            case StatusCode.DeadlineExceeded:
                Failed();
                break;
            case StatusCode.Cancelled:
                Abandoned();
                break;
            default:
                Answered();
                break;
        }
    }

    /// <summary>The call to the address asked ended before anything was learned about it.</summary>
    public void Abandoned()
    {
        HasAnother = false;
        _asked!.Standing.Abandoned(_visit);
    }

    /// <summary>The call is over. Nothing was learned about addresses that were stale while no other one knew better.</summary>
    public void Leave()
    {
        _asked?.Standing.Abandoned(_visit);
        foreach (var (endpoint, visit, _) in _stale)
        {
            endpoint.Standing.Abandoned(visit);
        }

        _stale.Clear();
    }

    private void Stale(Endpoint endpoint, Visit visit, Staleness staleness)
    {
        _stale.Add((endpoint, visit, staleness.RetryAfter));
        _left.Remove(endpoint);
        if (staleness.Owner is { } owner && _stale.Exists(each => each.Endpoint == owner))
        {
            _left.Clear();
        }
        else if (staleness.Owner is { } other && _left.Remove(other))
        {
            _left.Insert(0, other);
        }

        HasAnother = _left.Count > 0;
    }

    private void Failed()
    {
        _asked!.Standing.Failed(_visit);
        _left.Remove(_asked);
        HasAnother = _left.Count > 0;
        if (!HasAnother)
        {
            _left.AddRange(order);
        }
    }
}
