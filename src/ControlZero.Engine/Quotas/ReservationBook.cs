using System.Diagnostics.CodeAnalysis;

namespace ControlZero.Engine.Quotas;

/// <summary>
/// The reservations of one account, each counted once whatever is told twice. What it keeps is bounded: where there is no room for another, the one that
/// is over next ends early, at its charge, which is the safe side. Calls in flight do not: they could not be ended by their caller any more, and
/// their places would be taken until their hold is over.
/// </summary>
/// <param name="budget">Room for it and others.</param>
/// <param name="capacity">Most it keeps. Unit: entries.</param>
public sealed class ReservationBook(ReservationBudget budget, int capacity = ReservationBook.Capacity)
{
    /// <summary>Most reservations of one account. Unit: entries.</summary>
    public const int Capacity = 32_768;

    /// <summary>How long a caller's id repeats its charge.</summary>
    public static readonly TimeSpan RequestsRemembered = TimeSpan.FromMinutes(2);

    // Settles that came too late, so that one told twice is charged once.
    private const int LateRemembered = 1024;

    private readonly Dictionary<string, (ulong Number, DateTimeOffset Until)> _byRequest = new(StringComparer.Ordinal);
    private readonly HashSet<Guid> _late = [];
    private readonly Queue<Guid> _lateInOrder = new();
    private ReservationShelf _kept = new();
    private int _capacity = capacity;
    private bool _hasRoom;
    private ulong _last;

    /// <summary>Reservations that are kept, ended ones included.</summary>
    public int Count => _kept.Count;

    /// <summary>Request ids that are remembered: of reservations that are kept, no others.</summary>
    internal int RequestsKnown => _byRequest.Count;

    /// <summary>When the next one ends at its charge. Null: none is kept.</summary>
    public DateTimeOffset? NextExpiry => Count == 0 ? null : new DateTimeOffset(_kept.NextExpiresAt, TimeSpan.Zero);

    /// <summary>Takes out the reservations whose time is over. Those that are open end at their charge.</summary>
    public void Expire(DateTimeOffset now)
    {
        var over = 0;
        for (; _kept.NextExpiresAt <= now.UtcTicks; over++)
        {
            Forget(_kept.RemoveNext());
        }

        if (over > 0)
        {
            budget.Return(over);
        }
    }

    /// <summary>
    /// Makes room for one more, where there is none by having another end early. False: only calls in flight are kept, or nothing is, and there is no room.
    /// </summary>
    /// <param name="inFlight">True: its call counts as in flight.</param>
    public bool TryMakeRoom(bool inFlight)
    {
        _hasRoom = _hasRoom || (Count < _capacity && budget.TryTake(inFlight)) || TryEndEarly();
        return _hasRoom;
    }

    /// <summary>Opens a reservation, for which there is room. Returns its number.</summary>
    /// <param name="charges">What was charged.</param>
    /// <param name="now">The present.</param>
    /// <param name="expiresAt">When it ends at its charge.</param>
    /// <param name="request">The request. Null: the caller gave it no id.</param>
    /// <param name="resource">What the call is to use. Kept where a price hangs on it.</param>
    public ulong Open(ReadOnlySpan<QuotaCharge> charges, DateTimeOffset now, DateTimeOffset expiresAt, RequestTag? request, string? resource = null)
    {
        if (!_hasRoom)
        {
            throw new InvalidOperationException("no room was made for a reservation");
        }

        _hasRoom = false;
        var number = OpenEnded();
        _kept.Add(new KeptReservation(number, charges, expiresAt.UtcTicks, request, IsPriced(charges) ? resource : null));
        if (request is not null)
        {
            _byRequest[request.Id] = (number, now + RequestsRemembered);
        }

        return number;
    }

    /// <summary>The number of a reservation for which there is no room: it ends at its charge as it begins. Not of a call in flight.</summary>
    public ulong OpenEnded() => ++_last;

    /// <summary>The open reservation of an earlier call of the same request.</summary>
    public bool TryFind(string requestId, DateTimeOffset now, [NotNullWhen(true)] out Reservation? reservation)
    {
        reservation = _byRequest.TryGetValue(requestId, out var known) && known.Until > now ? _kept.Find(known.Number) : null;
        return reservation is not null;
    }

    /// <summary>A reservation as it is now, ended ones included. Null: it is not kept any more, or never was: see <see cref="WasIssued"/>.</summary>
    public Reservation? Find(ulong number) => _kept.Find(number);

    /// <summary>True when there was such a reservation.</summary>
    public bool WasIssued(ulong number) => number > 0 && number <= _last;

    /// <summary>True the first time a settle is told of a reservation that is not kept any more, as far as that is remembered.</summary>
    public bool TellLate(Guid reservation)
    {
        if (!_late.Add(reservation))
        {
            return false;
        }

        _lateInOrder.Enqueue(reservation);
        if (_lateInOrder.Count > LateRemembered)
        {
            _late.Remove(_lateInOrder.Dequeue());
        }

        return true;
    }

    /// <summary>Ends an open reservation. Its request id may be used for another charge from then on.</summary>
    public void Settle(Reservation reservation, CallUsage usage, string? model)
    {
        (reservation.Settled, reservation.SettledModel) = (usage, model);
        End(reservation, ReservationStatus.Settled);
    }

    /// <summary>Ends an open reservation that is given back.</summary>
    public void Cancel(Reservation reservation) => End(reservation, ReservationStatus.Cancelled);

    /// <summary>Forgets all, for good: nothing is opened or given back here any more.</summary>
    public void Close()
    {
        budget.Return(Count + (_hasRoom ? 1 : 0));
        (_kept, _capacity, _hasRoom) = (new(), 0, false);
        _byRequest.Clear();
    }

    private static bool IsPriced(ReadOnlySpan<QuotaCharge> charges)
    {
        foreach (var charge in charges)
        {
            if (charge.Limit.Metric == QuotaMetric.CostUsd)
            {
                return true;
            }
        }

        return false;
    }

    private void End(Reservation reservation, ReservationStatus status)
    {
        reservation.Status = status;
        if (_kept.End(reservation))
        {
            budget.Return(1);
        }

        Forget(reservation.Request, reservation.Number);
    }

    // Its room is the next one's.
    private bool TryEndEarly()
    {
        if (!_kept.TryRemoveEarly(out var ended))
        {
            return false;
        }

        Forget(ended);
        return true;
    }

    private void Forget(in KeptReservation reservation) => Forget(reservation.Request, reservation.Number);

    // Unless the id was used for another charge since.
    private void Forget(RequestTag? request, ulong number)
    {
        if (request is not null && _byRequest.TryGetValue(request.Id, out var known) && known.Number == number)
        {
            _byRequest.Remove(request.Id);
        }
    }
}
