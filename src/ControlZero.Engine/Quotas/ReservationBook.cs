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

    private readonly ReservationShelf _kept = new();
    private readonly Dictionary<string, ulong> _byRequest = new(StringComparer.Ordinal);
    private readonly Queue<(ulong Number, string RequestId, DateTimeOffset Until)> _requests = new();
    private readonly HashSet<Guid> _late = [];
    private readonly Queue<Guid> _lateInOrder = new();
    private ulong _last;

    /// <summary>Reservations that are kept, ended ones included.</summary>
    public int Count => _kept.Count;

    /// <summary>When the next one ends at its charge. Null: none is kept.</summary>
    public DateTimeOffset? NextExpiry => Count == 0 ? null : new DateTimeOffset(_kept.NextExpiresAt, TimeSpan.Zero);

    /// <summary>Opens a reservation. Returns its number.</summary>
    /// <param name="charges">What was charged.</param>
    /// <param name="now">The present.</param>
    /// <param name="expiresAt">When it ends at its charge.</param>
    /// <param name="request">The request. Null: the caller gave it no id.</param>
    /// <param name="resource">What the call is to use. Kept where a price hangs on it.</param>
    public ulong Open(ReadOnlySpan<QuotaCharge> charges, DateTimeOffset now, DateTimeOffset expiresAt, RequestTag? request, string? resource = null)
    {
        var number = ++_last;
        _kept.Add(new KeptReservation(number, charges, expiresAt.UtcTicks, request, IsPriced(charges) ? resource : null));
        if (request is not null)
        {
            _byRequest[request.Id] = number;
            _requests.Enqueue((number, request.Id, now + RequestsRemembered));
        }

        return number;
    }

    /// <summary>The open reservation of an earlier call of the same request.</summary>
    public bool TryFind(string requestId, DateTimeOffset now, [NotNullWhen(true)] out Reservation? reservation)
    {
        Forget(now);
        reservation = _byRequest.TryGetValue(requestId, out var number) ? _kept.Find(number) : null;
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

    /// <summary>Takes out one reservation whose time is over. If it was open it ends at its charge.</summary>
    /// <param name="now">The present.</param>
    /// <param name="early">True: make room, whether or not its time is over. A call in flight is not ended early.</param>
    /// <param name="places">Its places among the calls in flight, which its caller is to give back. Mostly none.</param>
    public bool TryExpire(DateTimeOffset now, bool early, out QuotaCharge[] places)
    {
        places = [];
        if (Count == 0 || !(_kept.NextExpiresAt <= now.UtcTicks || (early && !_kept.Next.IsInFlight)))
        {
            return false;
        }

        places = _kept.RemoveNext().Places;
        return true;
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
        _kept.Update(reservation);
        if (reservation.Request is { } request)
        {
            Forget(request.Id, reservation.Number);
        }
    }

    private void Forget(DateTimeOffset now)
    {
        while (_requests.TryPeek(out var oldest) && oldest.Until <= now)
        {
            _requests.Dequeue();
            Forget(oldest.RequestId, oldest.Number);
        }
    }

    // Unless the id was used for another charge since.
    private void Forget(string requestId, ulong number)
    {
        if (_byRequest.TryGetValue(requestId, out var known) && known == number)
        {
            _byRequest.Remove(requestId);
        }
    }
}
