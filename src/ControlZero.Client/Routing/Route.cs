using Grpc.Core;

namespace ControlZero.Client.Routing;

/// <summary>The way of one call through the addresses: which one it asks, and which one next when that fails. Not for concurrent use.</summary>
/// <param name="order">The addresses, the preferred one first.</param>
internal sealed class Route(IReadOnlyList<Endpoint> order)
{
    private readonly List<Endpoint> _left = [.. order];
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

    /// <summary>True when the address asked failed and there is one that has not failed this call: it can be asked at once.</summary>
    public bool HasAnother { get; private set; }

    /// <summary>The address asked answered.</summary>
    public void Answered()
    {
        HasAnother = false;
        _asked!.Standing.Answered(_visit);
    }

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
