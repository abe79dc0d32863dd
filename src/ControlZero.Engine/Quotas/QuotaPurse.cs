namespace ControlZero.Engine.Quotas;

/// <summary>
/// What the holder of an account may grant of one limit without asking anybody: what a write that was confirmed to it reserved. What it knows
/// of the rest is as old as that.
/// </summary>
internal abstract class QuotaPurse(QuotaLimit limit)
{
    /// <summary>The debts that an entry remembers by name. Unit: entries.</summary>
    private const int DebtsKept = 16;

    // So long after one server has learned of a lowered limit, others may still reserve under the higher one.
    private static readonly TimeSpan LearnedWithin = TimeSpan.FromSeconds(5);

    private readonly List<(Guid Id, long Units)> _debts = [];
    private readonly List<QuotaAdjustment> _adjustments = [];
    private (int Debts, int Adjustments, int Doubts) _planned;
    private bool _wasLowered;
    private DateTimeOffset? _doubtAgainAt;
    private long _lastMost;
    private (int Raised, int Resolved) _doubts;

    /// <summary>The limit, as it was last stated.</summary>
    public QuotaLimit Limit
    {
        get;
        set
        {
            _wasLowered |= value.Limit < field.Limit;
            field = value;
        }
    } = limit;

    /// <summary>What storage was last known to keep of it. Null: nothing.</summary>
    public QuotaEntry? Entry { get; private set; }

    /// <summary>True: what is at hand is running out, and may be topped up before anybody waits for it.</summary>
    public abstract bool IsLow { get; }

    /// <summary>True: something is on its way back to storage.</summary>
    public abstract bool IsReturning { get; }

    /// <summary>Units of debts that are not written yet. They take the room of grants from the moment they are known.</summary>
    protected long Owed { get; private set; }

    /// <summary>True: there is something to write that somebody waits for.</summary>
    public bool IsOwing => _debts.Count > 0 || _adjustments.Count > 0;

    /// <summary>The window that counts at a moment, and its end. It never goes back.</summary>
    public abstract (long Id, DateTimeOffset EndsAt) WindowAt(DateTimeOffset now);

    /// <summary>Whether it can grant so many units now.</summary>
    /// <param name="units">The units.</param>
    /// <param name="now">The present.</param>
    /// <param name="confirmedSince">What was confirmed before may not be used.</param>
    public abstract ChargeStatus Offer(long units, DateTimeOffset now, DateTimeOffset confirmedSince);

    /// <summary>Grants units that were just offered. Returns the window they are of; of a call in flight, when it ends if nobody ends it.</summary>
    public abstract long Take(long units, DateTimeOffset now);

    /// <summary>Takes back units that were granted and not used. False: they belong to another window, or have ended.</summary>
    public abstract bool GiveBack(long windowId, long units);

    /// <summary>Takes units that were used beyond a grant, as many as are at hand. Returns how many.</summary>
    public abstract long TakeUpTo(long units, DateTimeOffset now);

    /// <summary>Stops granting: what is at hand goes back with the next write.</summary>
    public abstract void Empty();

    /// <summary>What is at hand goes back with the next write, and nothing is reserved ahead of a request any more until then.</summary>
    public abstract void PutBack();

    /// <summary>The same for what was confirmed before a moment: its holder could not learn since whether the limit was lowered.</summary>
    public abstract void Expire(DateTimeOffset confirmedSince);

    /// <summary>A limit and what is left of it.</summary>
    public abstract QuotaStanding Standing(DateTimeOffset now);

    /// <summary>
    /// The entry that a write would leave, with units for what is needed and to top up. Null: there is nothing to write. Until the next
    /// <see cref="Confirm"/> or <see cref="Lose"/> it is the only one asked for.
    /// </summary>
    /// <param name="need">What is waited for. 0: nothing is.</param>
    /// <param name="orLess">True: when less than that is left, all of it.</param>
    /// <param name="now">The present.</param>
    public QuotaEntry? Plan(long need, bool orLess, DateTimeOffset now)
    {
        var current = Roll(now);
        var planned = Reserve(current, need, orLess, now);
        _planned = (_debts.Count, _adjustments.Count, _doubts.Raised);
        foreach (var (id, units) in _debts.Where(debt => !planned.Debts.Contains(debt.Id)))
        {
            planned = planned with { Debt = planned.Debt + units, Debts = [.. planned.Debts.TakeLast(DebtsKept - 1), id] };
        }

        foreach (var adjustment in _adjustments.Where(adjustment => !planned.Adjustments.Any(known => known.Id == adjustment.Id)))
        {
            planned = planned with { Adjustments = planned.Adjustments.Add(adjustment) };
        }

        return ReferenceEquals(planned, current) && !IsOwing ? null : planned;
    }

    /// <summary>What was planned was written; this is what storage keeps now, with what others may have written since.</summary>
    public void Confirm(QuotaEntry? entry)
    {
        Owed -= _debts.Take(_planned.Debts).Sum(debt => debt.Units);
        _debts.RemoveRange(0, _planned.Debts);
        _adjustments.RemoveRange(0, _planned.Adjustments);
        _doubts.Resolved = _planned.Doubts;
        _planned = default;
        Know(entry);
        OnConfirmed();
    }

    /// <summary>What was planned was not written, and never will be.</summary>
    public void Refuse(QuotaEntry? entry)
    {
        _planned = default;
        OnRefused();
        Know(entry);
    }

    /// <summary>
    /// The planned entry was not written, or others have written since: nobody can tell, so what it reserved belongs to nobody. Debts and
    /// adjustments are written again: by their names they count once.
    /// </summary>
    public void Lose(QuotaEntry? entry)
    {
        _planned = default;
        OnLost();
        Know(entry);
    }

    /// <summary>Takes note of what storage keeps.</summary>
    public void Know(QuotaEntry? entry)
    {
        Entry = entry;
        OnKnown();
    }

    /// <summary>Notes units that were used beyond a grant and are not at hand.</summary>
    public void Owe(Guid id, long units)
    {
        _debts.Add((id, units));
        Owed += units;
    }

    /// <summary>Notes units to be added to the limit.</summary>
    public void Adjust(QuotaAdjustment adjustment) => _adjustments.Add(adjustment);

    /// <summary>Its figure with all adjustments.</summary>
    protected long Most(DateTimeOffset now)
    {
        var most = Limit.Limit;
        if (Entry is { Adjustments.IsDefaultOrEmpty: false } entry && entry.WindowId == WindowAt(now).Id)
        {
            foreach (var adjustment in entry.Adjustments)
            {
                most += adjustment.ExpiresAt > now ? adjustment.Delta : 0;
            }
        }

        return Math.Max(0, most);
    }

    /// <summary>The entry with what is reserved for a need, and nothing else changed.</summary>
    protected abstract QuotaEntry Reserve(QuotaEntry current, long need, bool orLess, DateTimeOffset now);

    /// <summary>
    /// True: the limit was lowered, and what is at hand may not be used before storage was asked again. It rests on the record as it was when it was
    /// reserved, and others may have used since what the lower limit leaves. So it is twice: at once, and when everybody has learned of it.
    /// </summary>
    protected bool IsDoubted(DateTimeOffset now)
    {
        // An adjustment that has ended, or that takes away, lowers it as a publish does.
        var most = Most(now);
        _wasLowered |= most < _lastMost;
        _lastMost = most;
        if (_wasLowered)
        {
            (_wasLowered, _doubtAgainAt) = (false, now + LearnedWithin);
            _doubts.Raised++;
        }
        else if (_doubtAgainAt is { } again && (now >= again || now < again - LearnedWithin))
        {
            _doubtAgainAt = null;
            _doubts.Raised++;
        }

        return _doubts.Raised > _doubts.Resolved;
    }

    /// <summary>What was planned is reserved.</summary>
    protected abstract void OnConfirmed();

    /// <summary>What was planned is not there.</summary>
    protected abstract void OnRefused();

    /// <summary>What was planned is nobody's.</summary>
    protected abstract void OnLost();

    /// <summary>The entry is another one.</summary>
    protected abstract void OnKnown();

    // The entry of the window that counts: nothing of an earlier one is carried over.
    private QuotaEntry Roll(DateTimeOffset now)
    {
        var (windowId, endsAt) = WindowAt(now);
        return Entry is { } entry && entry.WindowId == windowId
            ? entry
            : new QuotaEntry { Key = Limit.Key, WindowId = windowId, EndsAt = endsAt };
    }
}
