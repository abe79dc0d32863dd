namespace ControlZero.Engine.Quotas;

/// <summary>
/// Where a book keeps its reservations: as values in one array. As objects, thousands a second that outlive two collections each, they had the collector take a
/// fifth of a busy server's time.
/// </summary>
internal sealed class ReservationShelf
{
    // An array that was larger is let go when nothing is kept.
    private const int PlacesKept = 64;
    private const int None = -1;

    private readonly Dictionary<ulong, int> _places = [];
    private readonly PriorityQueue<int, long> _byExpiry = new();
    private Place[] _kept = [];
    private int _used;
    private int _free = None;

    /// <summary>Reservations that are kept.</summary>
    public int Count => _places.Count;

    /// <summary>Keeps a reservation.</summary>
    public void Add(Reservation reservation)
    {
        var at = TakePlace();
        _kept[at] = Place.Of(reservation);
        _places.Add(reservation.Number, at);
        _byExpiry.Enqueue(at, _kept[at].ExpiresAt);
    }

    /// <summary>A reservation as it was last updated. Null: it is not kept.</summary>
    public Reservation? Find(ulong number) => _places.TryGetValue(number, out var at) ? _kept[at].ToReservation() : null;

    /// <summary>Takes over what became of a reservation, if it is kept still.</summary>
    public void Update(Reservation reservation)
    {
        if (_places.TryGetValue(reservation.Number, out var at))
        {
            _kept[at].Update(reservation);
        }
    }

    /// <summary>When the next one is over, and whether its call counts as under way.</summary>
    public bool TryPeek(out DateTimeOffset expiresAt, out bool isInFlight)
    {
        var isKept = _byExpiry.TryPeek(out var at, out _);
        expiresAt = isKept ? new DateTimeOffset(_kept[at].ExpiresAt, TimeSpan.Zero) : default;
        isInFlight = isKept && _kept[at].IsInFlight;
        return isKept;
    }

    /// <summary>Takes out the one that is over next.</summary>
    public Reservation RemoveNext()
    {
        var at = _byExpiry.Dequeue();
        var reservation = _kept[at].ToReservation();
        _places.Remove(reservation.Number);
        _kept[at] = new Place { NextFree = _free };
        _free = at;
        if (_places.Count == 0 && _kept.Length > PlacesKept)
        {
            (_kept, _used, _free) = ([], 0, None);
            _places.TrimExcess();
            _byExpiry.TrimExcess();
        }

        return reservation;
    }

    private int TakePlace()
    {
        if (_free is var at and not None)
        {
            _free = _kept[at].NextFree;
            return at;
        }

        if (_used == _kept.Length)
        {
            Array.Resize(ref _kept, Math.Max(4, 2 * _used));
        }

        return _used++;
    }

    /// <summary>One reservation. Of most, what was charged is one charge, and there is nothing more to say.</summary>
    private struct Place
    {
        public int NextFree;

        private ReservationStatus _status;
        private ulong _number;
        private QuotaCharge _charge;
        private More? _more;

        public long ExpiresAt { get; private init; }

        public readonly bool IsInFlight => _status == ReservationStatus.Open && (_more?.Charges is { } charges
            ? Array.Exists(charges, charge => charge.Limit.Metric == QuotaMetric.InFlight)
            : _charge.Limit.Metric == QuotaMetric.InFlight);

        public static Place Of(Reservation reservation)
        {
            var charges = reservation.Charges;
            return new Place
            {
                _number = reservation.Number,
                _status = reservation.Status,
                ExpiresAt = reservation.ExpiresAt.UtcTicks,
                _charge = charges.Count == 1 ? charges[0] : default,
                _more = charges.Count == 1 && reservation.Request is null && reservation.Resource is null ? null : new More
                {
                    Charges = charges.Count == 1 ? null : [.. charges],
                    Request = reservation.Request,
                    Resource = reservation.Resource,
                },
            };
        }

        public readonly Reservation ToReservation() => new(
            _number, _more?.Charges ?? [_charge], new DateTimeOffset(ExpiresAt, TimeSpan.Zero), _more?.Request, _more?.Resource)
        {
            Status = _status,
            Settled = _more?.Settled,
            SettledModel = _more?.SettledModel,
        };

        public void Update(Reservation reservation)
        {
            _status = reservation.Status;
            if (reservation.Settled is not null)
            {
                _more ??= new More();
                (_more.Settled, _more.SettledModel) = (reservation.Settled, reservation.SettledModel);
            }
        }
    }

    /// <summary>What few reservations have.</summary>
    private sealed class More
    {
        /// <summary>Null: one, which stands in its place.</summary>
        public QuotaCharge[]? Charges { get; init; }

        public RequestTag? Request { get; init; }

        public string? Resource { get; init; }

        public CallUsage? Settled { get; set; }

        public string? SettledModel { get; set; }
    }
}
