using System.Runtime.InteropServices;

namespace ControlZero.Engine.Quotas;

/// <summary>
/// A reservation as a book keeps it, a value of 48 bytes: as objects, thousands a second that outlive two collections each, they had the collector take
/// a fifth of a busy server's time. Of most, what was charged is one charge, and while they are open there is nothing more to say.
/// </summary>
internal struct KeptReservation
{
    private readonly QuotaCharge _charge;
    private More? _more;

    public KeptReservation(ulong number, ReadOnlySpan<QuotaCharge> charges, long expiresAt, RequestTag? request, string? resource)
    {
        (Number, ExpiresAt) = (number, expiresAt);
        if (charges is [var only])
        {
            _charge = only;
        }

        if (charges.Length != 1 || request is not null || resource is not null)
        {
            _more = new More { Charges = charges.Length == 1 ? null : charges.ToArray(), Request = request, Resource = resource };
        }
    }

    public ulong Number { get; }

    /// <summary>When it ends at its charge. Unit: ticks, UTC.</summary>
    public long ExpiresAt { get; }

    /// <summary>True: it is open, and its call counts as in flight.</summary>
    public readonly bool IsInFlight => Status == ReservationStatus.Open && (_more?.Charges is { } charges
        ? Array.Exists(charges, IsPlace)
        : IsPlace(_charge));

    /// <summary>The request it was made for. Null: the caller gave it no id.</summary>
    public readonly RequestTag? Request => _more?.Request;

    private readonly ReservationStatus Status => _more?.Status ?? ReservationStatus.Open;

    public readonly Reservation ToReservation() => new(
        Number,
        _more?.Charges is { } charges ? ImmutableCollectionsMarshal.AsImmutableArray(charges) : [_charge],
        new DateTimeOffset(ExpiresAt, TimeSpan.Zero),
        _more?.Request,
        _more?.Resource)
    {
        Status = Status,
        Settled = _more?.Settled,
        SettledModel = _more?.SettledModel,
    };

    /// <summary>Takes over what became of it.</summary>
    public void Update(Reservation reservation)
    {
        _more ??= new More();
        (_more.Status, _more.Settled, _more.SettledModel) = (reservation.Status, reservation.Settled, reservation.SettledModel);
    }

    private static bool IsPlace(QuotaCharge charge) => charge.Limit.Metric == QuotaMetric.InFlight;

    /// <summary>What few open reservations have.</summary>
    private sealed class More
    {
        /// <summary>Null: one, which stands beside.</summary>
        public QuotaCharge[]? Charges { get; init; }

        public RequestTag? Request { get; init; }

        public string? Resource { get; init; }

        public ReservationStatus Status { get; set; } = ReservationStatus.Open;

        public CallUsage? Settled { get; set; }

        public string? SettledModel { get; set; }
    }
}
