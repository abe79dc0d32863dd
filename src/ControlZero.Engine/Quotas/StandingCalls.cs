using System.Diagnostics.CodeAnalysis;

namespace ControlZero.Engine.Quotas;

/// <summary>
/// Calls in flight that were passed over when room was made: a lane gives away only what is first in it, and these may not end early. Seldom any, and
/// never more than are under way; each is forgotten as soon as it ends.
/// </summary>
internal sealed class StandingCalls
{
    private readonly SortedSet<(long ExpiresAt, ulong Number)> _inOrder = [];
    private readonly Dictionary<ulong, KeptReservation> _calls = [];

    /// <summary>When the next one is over. Unit: ticks, UTC. None is here: never.</summary>
    public long NextExpiresAt { get; private set; } = long.MaxValue;

    public void Add(in KeptReservation call)
    {
        _calls.Add(call.Number, call);
        _inOrder.Add((call.ExpiresAt, call.Number));
        NextExpiresAt = Math.Min(NextExpiresAt, call.ExpiresAt);
    }

    public Reservation? Find(ulong number) => _calls.TryGetValue(number, out var call) ? call.ToReservation() : null;

    public bool TryRemove(ulong number, [MaybeNullWhen(false)] out KeptReservation removed)
    {
        if (!_calls.Remove(number, out removed))
        {
            return false;
        }

        _inOrder.Remove((removed.ExpiresAt, number));
        NextExpiresAt = _inOrder.Count == 0 ? long.MaxValue : _inOrder.Min.ExpiresAt;
        return true;
    }

    /// <summary>Takes out the one that is over next. One is here.</summary>
    public KeptReservation RemoveNext()
    {
        TryRemove(_inOrder.Min.Number, out var removed);
        return removed;
    }
}
