namespace ControlZero.Engine.Quotas;

/// <summary>
/// Room for the reservations of a silo, over all its agents. Whoever finds none ends one of its own early, at its charge. About 48 bytes each, twice
/// that while a ring grows; with a request id, a price or several limits about 400.
/// </summary>
/// <param name="most">How many there may be. Unit: entries.</param>
public sealed class ReservationBudget(long most = ReservationBudget.Most)
{
    /// <summary>Most reservations of a silo. Unit: entries.</summary>
    public const long Most = 1_000_000;

    // A quarter is for calls in flight alone: they cannot end early, and would be denied because of others that can.
    private readonly long _mostOfAll = most - (most / 4);
    private long _count;

    /// <summary>Room that is taken.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Takes room for one. INVARIANT: among all that were given room and have not returned it there are never more than there may be.</summary>
    /// <param name="inFlight">True: its call counts as in flight.</param>
    public bool TryTake(bool inFlight)
    {
        if (Interlocked.Increment(ref _count) <= (inFlight ? most : _mostOfAll))
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Returns room.</summary>
    /// <param name="entries">For how many.</param>
    public void Return(int entries) => Interlocked.Add(ref _count, -entries);
}
