namespace ControlZero.Engine.Quotas;

/// <summary>
/// Where a book keeps its reservations: in lanes, each of which ends in the order in which it began. Mostly one. Another where one is to end before another
/// that began earlier: no more than holds that differ, times decisions that are made at once and have read the clock in another order.
/// </summary>
internal sealed class ReservationShelf
{
    private readonly List<ReservationLane> _lanes = [new()];

    // The one whose first is over before those of the others.
    private ReservationLane _next;

    // Null: room was never made where a call in flight was in the way.
    private StandingCalls? _standing;

    public ReservationShelf() => _next = _lanes[0];

    /// <summary>Reservations that are kept.</summary>
    public int Count { get; private set; }

    /// <summary>When the next one is over. Unit: ticks, UTC. None is kept: never.</summary>
    public long NextExpiresAt => _standing is null ? _next.FirstExpiresAt : Math.Min(_next.FirstExpiresAt, _standing.NextExpiresAt);

    /// <summary>Keeps a reservation. Its number is higher than those of all before.</summary>
    public void Add(in KeptReservation reservation)
    {
        var lane = LaneFor(reservation.ExpiresAt);
        lane.Add(reservation);
        Count++;
        if (lane.FirstExpiresAt < _next.FirstExpiresAt)
        {
            _next = lane;
        }
    }

    /// <summary>A reservation as it was last updated. Null: it is not kept.</summary>
    public Reservation? Find(ulong number)
    {
        foreach (var lane in _lanes)
        {
            if (lane.Find(number) is { } found)
            {
                return found;
            }
        }

        return _standing?.Find(number);
    }

    /// <summary>Takes over that a reservation has ended, if it is kept still. True: it is not kept any more.</summary>
    public bool End(Reservation reservation)
    {
        if (_lanes.Exists(lane => lane.TryUpdate(reservation)) || _standing?.TryRemove(reservation.Number, out _) != true)
        {
            return false;
        }

        Count--;
        return true;
    }

    /// <summary>Takes out the one that is over next. One is kept.</summary>
    public KeptReservation RemoveNext()
    {
        Count--;
        return _next.FirstExpiresAt <= NextExpiresAt ? RemoveFirst() : _standing!.RemoveNext();
    }

    /// <summary>Takes out the one that is over next of those that may end early: calls in flight stay. False: no other is kept.</summary>
    public bool TryRemoveEarly(out KeptReservation removed)
    {
        while (_next.Count > 0)
        {
            removed = RemoveFirst();
            if (!removed.IsInFlight)
            {
                Count--;
                return true;
            }

            (_standing ??= new StandingCalls()).Add(removed);
        }

        removed = default;
        return false;
    }

    private KeptReservation RemoveFirst()
    {
        var removed = _next.RemoveFirst();
        if (_lanes.Count > 1)
        {
            _next = Earliest();
        }

        return removed;
    }

    private ReservationLane Earliest()
    {
        var earliest = _lanes[0];
        foreach (var lane in _lanes)
        {
            earliest = lane.FirstExpiresAt < earliest.FirstExpiresAt ? lane : earliest;
        }

        return earliest;
    }

    private ReservationLane LaneFor(long expiresAt)
    {
        foreach (var lane in _lanes)
        {
            if (lane.Takes(expiresAt))
            {
                return lane;
            }
        }

        var added = new ReservationLane();
        _lanes.Add(added);
        return added;
    }
}
