using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ControlZero.Engine.Quotas;

/// <summary>
/// Calls in flight. Their holder leases so many places until a time, and admits a call only if the place is leased for as long as the call may
/// count: so when the holder dies its calls count until they end, and never longer than <see cref="QuotaLimit.Hold"/> and a little.
/// </summary>
/// <remarks>
/// A call that nobody ends is ended here and by nobody else: the agent whose call it was may be asked nothing any more, or be gone.
/// Leases of others are ended by this clock: with clocks that differ by more than <see cref="Skew"/>, calls of a dead holder may count too short.
/// </remarks>
internal sealed class SlotPurse(QuotaLimit limit, Guid owner) : QuotaPurse(limit)
{
    /// <summary>How far the clocks of servers may differ.</summary>
    internal static readonly TimeSpan Skew = TimeSpan.FromSeconds(5);

    // How much longer than a call a lease lasts: under load it is renewed once in so long.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    // A call that nobody ends counts longer than its hold by no more than this part of it, or a second.
    private const int Steps = 1024;

    // Calls under way, by when they end if nobody ends them before. Unit: ticks, UTC.
    private readonly Dictionary<long, long> _ends = [];
    private long _nextEnd = long.MaxValue;
    private long _places;
    private DateTimeOffset _until = DateTimeOffset.MinValue;
    private long _calls;
    private long _peak;
    private DateTimeOffset _lastTaken;
    private (long Places, DateTimeOffset Until) _planned;
    private bool _isLeaving;
    private bool _isShrinking;

    public override bool IsLow => _places > 0 && _until - _lastTaken < Limit.Hold + (Slack / 2);

    public override bool IsReturning => _isShrinking;

    public override (long Id, DateTimeOffset EndsAt) WindowAt(DateTimeOffset now) => (0, DateTimeOffset.MaxValue);

    public override ChargeStatus Offer(long units, DateTimeOffset now, DateTimeOffset confirmedSince)
    {
        EndOver(now);
        var free = Most(now) - Others(now);
        if (_calls + units > free)
        {
            return ChargeStatus.Exhausted;
        }

        return _calls + units <= _places && now + Limit.Hold <= _until && !IsDoubted(now) ? ChargeStatus.Granted : ChargeStatus.Refill;
    }

    public override long Take(long units, DateTimeOffset now)
    {
        _calls += units;
        _peak = Math.Max(_peak, _calls);
        _lastTaken = now;
        var step = Math.Max(TimeSpan.TicksPerSecond, Limit.Hold.Ticks / Steps);
        var end = ((now + Limit.Hold).UtcTicks + step - 1) / step * step;
        CollectionsMarshal.GetValueRefOrAddDefault(_ends, end, out _) += units;
        _nextEnd = Math.Min(_nextEnd, end);
        return end;
    }

    public override bool GiveBack(long windowId, long units)
    {
        ref var calls = ref CollectionsMarshal.GetValueRefOrNullRef(_ends, windowId);
        if (Unsafe.IsNullRef(ref calls))
        {
            return false;
        }

        _calls -= units;
        calls -= units;
        if (calls == 0)
        {
            _ends.Remove(windowId);
        }

        return true;
    }

    public override long TakeUpTo(long units, DateTimeOffset now) => units;

    public override void Empty()
    {
        _isLeaving = true;
        _places = 0;
    }

    public override void PutBack() => _isShrinking = true;

    public override void Expire(DateTimeOffset confirmedSince)
    {
    }

    public override QuotaStanding Standing(DateTimeOffset now)
    {
        EndOver(now);
        var (most, used) = (Most(now), _calls + Others(now));
        return new QuotaStanding(Limit, most, used, Math.Max(0, most - used), null);
    }

    protected override QuotaEntry Reserve(QuotaEntry current, long need, bool orLess, DateTimeOffset now)
    {
        _planned = default;
        EndOver(now);
        var others = Leases(current).Where(lease => lease.Owner != owner && lease.Until + Skew > now).ToImmutableArray();
        if (_isLeaving)
        {
            var ends = _until < now + Limit.Hold ? _until : now + Limit.Hold;
            var own = Leases(current).FirstOrDefault(lease => lease.Owner == owner);
            return (own?.Count ?? 0) == _calls
                ? current
                : current with { Slots = _calls > 0 ? others.Add(new SlotLease(owner, _calls, ends)) : others };
        }

        var free = Math.Max(0, Most(now) - others.Sum(lease => lease.Count));
        need = orLess ? Math.Min(need, Math.Max(0, free - _calls)) : need;
        _isShrinking &= _places > _calls;
        var isShort = need > 0 && (_calls + need > _places || now + Limit.Hold > _until || IsDoubted(now));
        if (_calls + need > free || !(isShort || _isShrinking || IsLow))
        {
            return current;
        }

        var places = _isShrinking ? _calls + need : need > 0 ? Math.Max(_calls + need, Math.Max(_places, _calls + (_calls / 2))) : Math.Max(_calls, _peak);
        _planned = (Math.Min(free, places), now + Limit.Hold + Slack);
        _peak = _calls;

        // INVARIANT: from now on no more calls are admitted than the lease has places that is being written.
        _places = Math.Min(_places, _planned.Places);
        return current with { Slots = others.Add(new SlotLease(owner, _planned.Places, _planned.Until)) };
    }

    protected override void OnConfirmed() => _isShrinking = false;

    protected override void OnRefused() => _planned = default;

    protected override void OnLost() => _planned = default;

    // Whether or not a write of its own got through: the lease that stands in storage is the one it has.
    protected override void OnKnown()
    {
        _planned = default;
        var own = Entry is null ? null : Leases(Entry).FirstOrDefault(lease => lease.Owner == owner);
        _until = own?.Until ?? DateTimeOffset.MinValue;
        _places = _isLeaving ? 0 : own?.Count ?? 0;
    }

    private void EndOver(DateTimeOffset now)
    {
        if (now.UtcTicks < _nextEnd)
        {
            return;
        }

        _nextEnd = long.MaxValue;
        foreach (var (end, calls) in _ends)
        {
            if (end > now.UtcTicks)
            {
                _nextEnd = Math.Min(_nextEnd, end);
                continue;
            }

            _calls -= calls;
            _ends.Remove(end);
        }
    }

    private static ImmutableArray<SlotLease> Leases(QuotaEntry entry) => entry.Slots.IsDefault ? [] : entry.Slots;

    private long Others(DateTimeOffset now)
    {
        var count = 0L;
        if (Entry is { Slots.IsDefaultOrEmpty: false } entry)
        {
            foreach (var lease in entry.Slots)
            {
                count += lease.Owner != owner && lease.Until + Skew > now ? lease.Count : 0;
            }
        }

        return count;
    }
}
