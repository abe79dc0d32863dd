using System.Diagnostics.CodeAnalysis;

namespace ControlZero.Engine.Quotas;

/// <summary>
/// The reservations of one account, each counted once whatever is told twice. What it keeps is bounded: past <see cref="Capacity"/>, or when
/// told to make room, the oldest end early at their charge, which is the safe side; calls in flight aside, of which the limit allows only so many.
/// </summary>
public sealed class ReservationBook
{
    /// <summary>Most reservations of one account. Unit: entries.</summary>
    public const int Capacity = 32_768;

    /// <summary>How long a caller's id repeats its charge.</summary>
    public static readonly TimeSpan RequestsRemembered = TimeSpan.FromMinutes(2);

    // Settles that came too late, so that one told twice is charged once.
    private const int LateRemembered = 1024;

    private readonly Dictionary<ulong, Reservation> _byNumber = [];
    private readonly Dictionary<string, Reservation> _byRequest = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Reservation, long> _byExpiry = new();
    private readonly Queue<(Reservation Reservation, DateTimeOffset Until)> _requests = new();
    private readonly HashSet<Guid> _late = [];
    private readonly Queue<Guid> _lateInOrder = new();
    private ulong _last;

    /// <summary>Reservations that are kept, ended ones included.</summary>
    public int Count => _byNumber.Count;

    /// <summary>When the next one ends at its charge. Null: none is kept.</summary>
    public DateTimeOffset? NextExpiry => _byExpiry.TryPeek(out var next, out _) ? next.ExpiresAt : null;

    /// <summary>Opens a reservation.</summary>
    /// <param name="charges">What was charged. Not changed any more.</param>
    /// <param name="now">The present.</param>
    /// <param name="hold">How long the call may be under way.</param>
    /// <param name="request">The request. Null: the caller gave it no id.</param>
    /// <param name="resource">What the call is to use.</param>
    public Reservation Open(QuotaCharge[] charges, DateTimeOffset now, TimeSpan hold, RequestTag? request, string? resource = null)
    {
        var reservation = new Reservation(++_last, charges, now + hold, request, resource);
        _byNumber.Add(reservation.Number, reservation);
        _byExpiry.Enqueue(reservation, reservation.ExpiresAt.UtcTicks);
        if (request is not null)
        {
            _byRequest[request.Id] = reservation;
            _requests.Enqueue((reservation, now + RequestsRemembered));
        }

        return reservation;
    }

    /// <summary>The open reservation of an earlier call of the same request.</summary>
    public bool TryFind(string requestId, DateTimeOffset now, [NotNullWhen(true)] out Reservation? reservation)
    {
        Forget(now);
        return _byRequest.TryGetValue(requestId, out reservation);
    }

    /// <summary>A reservation, ended ones included. Null: it is not kept any more, or never was: see <see cref="WasIssued"/>.</summary>
    public Reservation? Find(ulong number) => _byNumber.GetValueOrDefault(number);

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
        End(reservation, ReservationStatus.Settled);
        reservation.Settled = usage;
        reservation.SettledModel = model;
    }

    /// <summary>Ends an open reservation that is given back.</summary>
    public void Cancel(Reservation reservation) => End(reservation, ReservationStatus.Cancelled);

    /// <summary>
    /// Takes out one reservation whose time is over. If it was open it ends at its charge, and its caller is to give back its place in flight.
    /// </summary>
    /// <param name="now">The present.</param>
    /// <param name="early">True: make room, whether or not its time is over. A call in flight is not ended early.</param>
    /// <param name="reservation">The reservation.</param>
    public bool TryExpire(DateTimeOffset now, bool early, [NotNullWhen(true)] out Reservation? reservation)
    {
        if (!_byExpiry.TryPeek(out reservation, out _) || !(reservation.ExpiresAt <= now || (early && !IsInFlight(reservation))))
        {
            reservation = null;
            return false;
        }

        _byExpiry.Dequeue();
        _byNumber.Remove(reservation.Number);
        if (reservation.Status == ReservationStatus.Open)
        {
            End(reservation, ReservationStatus.Expired);
        }

        return true;
    }

    private static bool IsInFlight(Reservation reservation) =>
        reservation.Status == ReservationStatus.Open && reservation.Charges.Any(charge => charge.Limit.Metric == QuotaMetric.InFlight);

    private void End(Reservation reservation, ReservationStatus status)
    {
        reservation.Status = status;
        if (reservation.Request is { } request && _byRequest.TryGetValue(request.Id, out var known) && ReferenceEquals(known, reservation))
        {
            _byRequest.Remove(request.Id);
        }
    }

    private void Forget(DateTimeOffset now)
    {
        while (_requests.TryPeek(out var oldest) && oldest.Until <= now)
        {
            _requests.Dequeue();
            if (_byRequest.TryGetValue(oldest.Reservation.Request!.Id, out var known) && ReferenceEquals(known, oldest.Reservation))
            {
                _byRequest.Remove(oldest.Reservation.Request.Id);
            }
        }
    }
}
