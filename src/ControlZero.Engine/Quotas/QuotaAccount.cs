namespace ControlZero.Engine.Quotas;

/// <summary>
/// One holder's account with the record of a scope: an activation of an agent, or of a tenant's shared limits. A state machine: its methods are
/// what can happen, and what they return is what is to be done. It reads no clock and does no I/O; one thread at a time.
/// </summary>
/// <remarks>
/// INVARIANT: for each limit and window, units granted by all accounts that ever were ≤ reserved in storage, and reserved + debt ≤ the limit when
/// it was reserved. However many accounts there are of one record: a unit is granted only from a write that was confirmed to this account, every
/// write names the record it rests on, and of all writes that rest on one record at most one is ever done.
/// </remarks>
public sealed partial class QuotaAccount
{
    private readonly Dictionary<QuotaLimitKey, QuotaPurse> _purses = new(QuotaLimitKey.ByName.Instance);
    private QuotaPurse? _found;
    private ulong _writes;
    private QuotaRecord _record = QuotaRecord.Empty;
    private string? _etag;
    private QuotaWrite? _pending;

    /// <summary>Opens an account.</summary>
    /// <param name="owner">The holder: an id that no other has, or had.</param>
    public QuotaAccount(Guid owner) => Owner = owner;

    /// <summary>The holder.</summary>
    public Guid Owner { get; }

    /// <summary>True once the record was read.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>True: a block is running out. Top it up in the background, while decisions go on: <see cref="Plan"/>.</summary>
    public bool IsLow { get; private set; }

    /// <summary>True: a debt or an adjustment waits to be written.</summary>
    public bool IsOwing => _purses.Values.Any(purse => purse.IsOwing);

    /// <summary>True: units or places are on their way back to storage, with the next write.</summary>
    public bool IsReturning => _purses.Values.Any(purse => purse.IsReturning);

    /// <summary>The write whose outcome is not known yet. Null: there is none.</summary>
    public QuotaWrite? Pending => _pending;

    /// <summary>
    /// Takes what storage keeps. Everything that is reserved there counts as spent, what this account has at hand aside: nobody knows what others
    /// granted. Not while a write is pending: then <see cref="ReadBack"/>.
    /// </summary>
    /// <param name="record">The record. Null: there is none.</param>
    /// <param name="etag">Its version. Null: there is none.</param>
    public void Load(QuotaRecord? record, string? etag)
    {
        if (_pending is not null)
        {
            throw new InvalidOperationException("a write is pending");
        }

        IsLoaded = true;
        Adopt(record, etag);
        foreach (var purse in _purses.Values)
        {
            purse.Know(_record.Find(purse.Limit.Key));
        }
    }

    /// <summary>Charges all demands or none.</summary>
    /// <param name="demands">What a request would take. Each limit once.</param>
    /// <param name="now">The present.</param>
    /// <param name="confirmedSince">Blocks that were confirmed before are not used: their holder could not learn of a lowered limit.</param>
    public ChargeResult Charge(ReadOnlySpan<QuotaDemand> demands, DateTimeOffset now, DateTimeOffset confirmedSince = default)
    {
        var offer = Offer(demands, now, confirmedSince);
        if (offer.Status == ChargeStatus.Granted)
        {
            Take(demands, now, []);
        }

        return offer;
    }

    /// <summary>Whether all demands could be charged now. Charges nothing.</summary>
    /// <inheritdoc cref="Charge"/>
    public ChargeResult Offer(ReadOnlySpan<QuotaDemand> demands, DateTimeOffset now, DateTimeOffset confirmedSince = default)
    {
        var refill = -1;
        for (var index = 0; index < demands.Length; index++)
        {
            // What will be denied anyway reserves nothing, so an exhausted limit is looked for behind one that needs a block, too.
            switch (Purse(demands[index].Limit).Offer(demands[index].Units, now, confirmedSince))
            {
                case ChargeStatus.Exhausted:
                    return new ChargeResult(ChargeStatus.Exhausted, index);
                case ChargeStatus.Refill:
                    refill = index;
                    break;
            }
        }

        return refill < 0 ? ChargeResult.Granted : new ChargeResult(ChargeStatus.Refill, refill);
    }

    /// <summary>Charges demands that were just offered.</summary>
    /// <param name="demands">The demands.</param>
    /// <param name="now">The present.</param>
    /// <param name="charges">Takes what was charged, in the order of the demands. Empty: nobody asks.</param>
    public void Take(ReadOnlySpan<QuotaDemand> demands, DateTimeOffset now, Span<QuotaCharge> charges)
    {
        for (var index = 0; index < demands.Length; index++)
        {
            var (limit, units) = demands[index];
            var purse = Purse(limit);
            var window = purse.Take(units, now);
            IsLow |= purse.IsLow;
            if (!charges.IsEmpty)
            {
                charges[index] = new QuotaCharge(limit, window, units);
            }
        }
    }

    /// <summary>
    /// Takes back what was charged by this account and not used. False: it was charged in another window, and stays charged. Never twice for
    /// one charge: whoever calls keeps count.
    /// </summary>
    public bool GiveBack(in QuotaCharge charge) => Find(charge.Limit).GiveBack(charge.WindowId, charge.Units);

    /// <summary>
    /// Charges units that were used beyond a grant, in the window that counts now. What is not at hand is a debt. True: it must be written before
    /// anybody is told.
    /// </summary>
    /// <param name="limit">The limit.</param>
    /// <param name="units">The units.</param>
    /// <param name="id">The reservation, for one debt a limit.</param>
    /// <param name="now">The present.</param>
    public bool Overdraw(QuotaLimit limit, long units, Guid id, DateTimeOffset now)
    {
        var purse = Find(limit);
        var owed = units - purse.TakeUpTo(units, now);
        if (owed > 0)
        {
            purse.Owe(id, owed);
        }

        return owed > 0;
    }

    /// <summary>Adds units to a limit, or takes them away. In force when it is written.</summary>
    public void Adjust(QuotaLimit limit, QuotaAdjustment adjustment) => Purse(limit).Adjust(adjustment);

    /// <summary>A limit and what is left of it, as far as this account knows.</summary>
    public QuotaStanding Standing(QuotaLimit limit, DateTimeOffset now) => Purse(limit).Standing(now);

    /// <summary>True when the adjustment is in force already.</summary>
    public bool IsAdjusted(QuotaLimit limit, string adjustment, DateTimeOffset now)
    {
        var purse = Purse(limit);
        return purse.Entry is { Adjustments.IsDefault: false } entry
            && entry.WindowId == purse.WindowAt(now).Id
            && entry.Adjustments.Any(known => known.Id == adjustment);
    }

    // The limit as the policies in force state it: from now on its purse goes by that.
    private QuotaPurse Purse(QuotaLimit limit)
    {
        var purse = Find(limit);
        purse.Limit = limit;
        return purse;
    }

    private QuotaPurse Find(QuotaLimit limit)
    {
        // Most accounts have one limit, and each decision looks for it three times.
        if (_found is { } found && ReferenceEquals(found.Limit, limit))
        {
            return found;
        }

        if (!_purses.TryGetValue(limit.Key, out var purse))
        {
            purse = limit.Window is null ? new SlotPurse(limit, Owner) : new BlockPurse(limit);
            purse.Know(_record.Find(limit.Key));
            _purses.Add(limit.Key, purse);
        }

        _found = purse;
        return purse;
    }
}
