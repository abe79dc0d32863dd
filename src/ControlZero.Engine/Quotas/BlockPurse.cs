namespace ControlZero.Engine.Quotas;

/// <summary>
/// Units of the current window. They are counted as reserved in storage before they come here, so whatever becomes of their holder, nobody
/// else has them.
/// </summary>
internal sealed class BlockPurse(QuotaLimit limit) : QuotaPurse(limit)
{
    // How fast an old rate is forgotten: half with each block.
    private const double Keep = 0.5;

    // A block is topped up when so much of it is left.
    private const int LowShare = 4;

    private static readonly TimeSpan LongestMeasured = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestMeasured = TimeSpan.FromMilliseconds(10);

    private long _windowId = long.MinValue;
    private DateTimeOffset _endsAt = DateTimeOffset.MinValue;
    private long _left;

    // Units that may not be granted any more, because the limit was lowered under them or their holder is leaving.
    private long _returning;
    private long _lowBelow;
    private bool _isLeaving;

    // Nothing is reserved ahead until somebody asks again.
    private bool _isResting;
    private DateTimeOffset _confirmedAt = DateTimeOffset.MinValue;
    private (long WindowId, long Units, long Returned, DateTimeOffset At) _planned;

    private long _spent;
    private long _grants;
    private DateTimeOffset? _measuredSince;
    private double _rate = -1;
    private double _typical = 1;

    public override bool IsLow => _left < _lowBelow;

    public override bool IsReturning => _returning > 0;

    public override (long Id, DateTimeOffset EndsAt) WindowAt(DateTimeOffset now)
    {
        if (now < _endsAt)
        {
            return (_windowId, _endsAt);
        }

        // INVARIANT: the largest id wins. A clock that is behind cannot reopen a window; one that is ahead opens the next one early, for all.
        var span = Limit.Window!.At(now);
        return span.Id >= _windowId ? (span.Id, span.End) : (_windowId, _endsAt);
    }

    public override ChargeStatus Offer(long units, DateTimeOffset now, DateTimeOffset confirmedSince)
    {
        var (windowId, _) = WindowAt(now);
        var free = Most(now) - Held(windowId);
        var left = 0L;
        if (windowId == _windowId)
        {
            free += Trim(-free);
            left = _left;
        }

        if (units <= left && _confirmedAt >= confirmedSince && !IsDoubted(now))
        {
            return ChargeStatus.Granted;
        }

        return units > left + Math.Max(0, free) ? ChargeStatus.Exhausted : ChargeStatus.Refill;
    }

    public override long Take(long units, DateTimeOffset now)
    {
        _left -= units;
        _spent += units;
        _grants++;
        return _windowId;
    }

    public override bool GiveBack(long windowId, long units)
    {
        if (windowId != _windowId)
        {
            return false;
        }

        _left += units;
        return true;
    }

    public override long TakeUpTo(long units, DateTimeOffset now)
    {
        if (WindowAt(now).Id != _windowId)
        {
            return 0;
        }

        var taken = Math.Min(units, _left);
        _left -= taken;
        return taken;
    }

    public override void Empty()
    {
        _isLeaving = true;
        PutBack();
    }

    public override void PutBack()
    {
        _returning += _left;
        (_left, _lowBelow, _isResting) = (0, 0, true);
    }

    public override void Expire(DateTimeOffset confirmedSince)
    {
        if (_confirmedAt < confirmedSince)
        {
            PutBack();
        }
    }

    public override QuotaStanding Standing(DateTimeOffset now)
    {
        var (windowId, endsAt) = WindowAt(now);
        var (most, held) = (Most(now), Held(windowId));
        var used = windowId == _windowId ? held - _left : held;
        return new QuotaStanding(Limit, most, used, Math.Max(0, most - used), endsAt);
    }

    protected override QuotaEntry Reserve(QuotaEntry current, long need, bool orLess, DateTimeOffset now)
    {
        Measure(now);
        var isSame = current.WindowId == _windowId;
        if (!isSame)
        {
            // Units of a window that has ended are worth nothing, here and in storage.
            (_windowId, _endsAt, _left, _returning) = (current.WindowId, current.EndsAt, 0, 0);
        }

        // INVARIANT: what is reserved anew rests on the record as this holder knows it, so it is written only if nobody has used more since.
        if (IsDoubted(now))
        {
            Trim(_left);
        }

        var most = Most(now);
        Trim(Held(_windowId) - most);
        var remaining = Math.Max(0, most - Held(_windowId));
        var units = Wanted(orLess ? Math.Min(need, _left + remaining) : need, most, remaining);
        _planned = (_windowId, units, _returning, now);
        return units == 0 && _returning == 0 ? current : current with { Reserved = current.Reserved - _returning + units };
    }

    protected override void OnConfirmed()
    {
        var (windowId, units, returned, at) = _planned;
        _planned = default;
        if (windowId != _windowId)
        {
            return;
        }

        _left += units;
        _returning -= returned;
        if (units > 0)
        {
            _confirmedAt = at;
            _lowBelow = Target(Most(at), Math.Max(0, Most(at) - Held(windowId)), need: 0) / LowShare;
        }
    }

    protected override void OnRefused() => _planned = default;

    protected override void OnLost()
    {
        // INVARIANT: what may have been given back is not given back again.
        if (_planned.WindowId == _windowId)
        {
            _returning -= _planned.Returned;
        }

        _planned = default;
    }

    protected override void OnKnown()
    {
        if (Entry is { } entry && entry.WindowId > _windowId)
        {
            (_windowId, _endsAt, _left, _returning, _lowBelow) = (entry.WindowId, entry.EndsAt, 0, 0, 0);
        }
    }

    // In blocks and debts of a window, what is on its way back aside. A debt counts in the window in which it is written.
    private long Held(long windowId) => Owed + (Entry is { } entry && entry.WindowId == windowId ? entry.Reserved + entry.Debt - _returning : 0);

    private long Wanted(long need, long most, long remaining)
    {
        if (_isLeaving || need > _left + remaining)
        {
            return 0;
        }

        _isResting &= need == 0;
        var target = _isResting ? 0 : Target(most, remaining, need);
        if (need > _left)
        {
            return Math.Min(remaining, Math.Max(need - _left, target - _left));
        }

        return _left < target / LowShare ? Math.Min(remaining, target - _left) : 0;
    }

    private long Target(long most, long remaining, long need) => BlockRule.Size(most, remaining, Math.Max(_typical, need), _rate);

    private long Trim(long excess)
    {
        var trimmed = Math.Clamp(excess, 0, _left);
        _left -= trimmed;
        _returning += trimmed;
        return trimmed;
    }

    private void Measure(DateTimeOffset now)
    {
        if (_grants > 0)
        {
            _typical = Math.Max(1, (_typical * Keep) + (_spent / (double)_grants * (1 - Keep)));
        }

        // A clock that was set says nothing about a rate.
        if (now - _measuredSince is { } elapsed && elapsed > TimeSpan.Zero && elapsed < LongestMeasured)
        {
            var rate = _spent / Math.Max(elapsed.TotalSeconds, ShortestMeasured.TotalSeconds);
            _rate = _rate < 0 ? rate : (_rate * Keep) + (rate * (1 - Keep));
        }

        (_spent, _grants, _measuredSince) = (0, 0, now);
    }
}
