namespace ControlZero.Grains.Quotas;

/// <summary>
/// Reservations that a silo keeps, over all its agents: past <see cref="Most"/> each agent that opens one ends its oldest early, at its charge. About
/// 48 bytes each, twice that while a ring grows; with a request id, a price or several limits about 400.
/// </summary>
internal sealed class ReservationBudget
{
    /// <summary>Unit: entries.</summary>
    public const long Most = 1_000_000;

    private long _count;

    /// <summary>True: there is no room for more.</summary>
    public bool IsSpent => Volatile.Read(ref _count) >= Most;

    /// <summary>Takes or gives back room.</summary>
    public void Add(long entries) => Interlocked.Add(ref _count, entries);
}
