namespace ControlZero.Engine.Quotas;

/// <summary>
/// Reservations that end in the order in which they began, as those that are held equally long do: a ring of values. None is looked for but by its
/// number, and numbers ascend; none is taken out but the first.
/// </summary>
internal sealed class ReservationLane
{
    private const int LeastPlaces = 4;

    // A ring that was larger is let go when nothing is kept.
    private const int PlacesKept = 64;

    // As many as a power of two.
    private KeptReservation[] _ring = [];
    private int _first;
    private long _lastExpiresAt;

    public int Count { get; private set; }

    /// <summary>When the first one is over: beside the ring, since that is asked with every decision. None is kept: never.</summary>
    public long FirstExpiresAt { get; private set; } = long.MaxValue;

    /// <summary>The first one. One is kept.</summary>
    public ref readonly KeptReservation First => ref At(0);

    /// <summary>True: one that ends then can be added.</summary>
    public bool Takes(long expiresAt) => Count == 0 || expiresAt >= _lastExpiresAt;

    /// <summary>Adds a reservation of a higher number, which does not end before those that are here.</summary>
    public void Add(in KeptReservation reservation)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        At(Count++) = reservation;
        _lastExpiresAt = reservation.ExpiresAt;
        if (Count == 1)
        {
            FirstExpiresAt = _lastExpiresAt;
        }
    }

    /// <summary>Takes out the first one. One is kept.</summary>
    public KeptReservation RemoveFirst()
    {
        var removed = At(0);
        At(0) = default;
        _first = (_first + 1) & (_ring.Length - 1);
        Count--;
        FirstExpiresAt = Count == 0 ? long.MaxValue : At(0).ExpiresAt;
        if (Count == 0 && _ring.Length > PlacesKept)
        {
            _ring = [];
        }

        return removed;
    }

    /// <summary>A reservation as it was last updated. Null: it is not here.</summary>
    public Reservation? Find(ulong number) => IndexOf(number) is var index and >= 0 ? At(index).ToReservation() : null;

    /// <summary>Takes over what became of a reservation. False: it is not here.</summary>
    public bool TryUpdate(Reservation reservation)
    {
        var index = IndexOf(reservation.Number);
        if (index >= 0)
        {
            At(index).Update(reservation);
        }

        return index >= 0;
    }

    private int IndexOf(ulong number)
    {
        if (Count == 0 || number < First.Number)
        {
            return -1;
        }

        // As far behind the first as its number is, or nearer to it where numbers between are in other lanes.
        var (low, high) = (0, (int)Math.Min((ulong)Count - 1, number - First.Number));
        for (var index = high; low <= high; index = low + ((high - low) / 2))
        {
            var found = At(index).Number;
            if (found == number)
            {
                return index;
            }

            (low, high) = found < number ? (index + 1, high) : (low, index - 1);
        }

        return -1;
    }

    private ref KeptReservation At(int index) => ref _ring[(_first + index) & (_ring.Length - 1)];

    private void Grow()
    {
        var larger = new KeptReservation[Math.Max(LeastPlaces, 2 * Count)];
        for (var index = 0; index < Count; index++)
        {
            larger[index] = At(index);
        }

        (_ring, _first) = (larger, 0);
    }
}
