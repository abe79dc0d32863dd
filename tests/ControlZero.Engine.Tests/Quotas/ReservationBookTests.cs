using System.Runtime.CompilerServices;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Quotas;

/// <summary>The book held against a plain list of everything that was opened.</summary>
public sealed class ReservationBookTests
{
    private static readonly TimeSpan[] Holds = [TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Book_AfterAnythingThatHappens_KeepsWhatAPlainListKeeps(int seed)
    {
        var random = new Random(seed);
        var book = new ReservationBook();
        var kept = new List<Entry>();
        var now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
        var (opened, expired) = (0, 0);
        for (var step = 0; step < 20_000; step++)
        {
            switch (random.Next(10))
            {
                case < 5:
                    var entry = Open(book, random, now);
                    kept.Where(other => other.Request is not null && other.Request == entry.Request).ToList().ForEach(other => other.IsForgotten = true);
                    kept.Add(entry);
                    opened++;
                    break;
                case 5 or 6 when kept.Count > 0:
                    var ended = kept[random.Next(kept.Count)];
                    End(book, ended, random.Next(2) == 0);
                    break;
                case 7:
                    now += TimeSpan.FromSeconds(random.Next(20));
                    break;
                default:
                    var early = random.Next(6) == 0;
                    if (book.TryExpire(now, early, out var places))
                    {
                        var over = kept.Min(other => other.ExpiresAt);
                        var first = kept.Where(other => other.ExpiresAt == over).Single(other => book.Find(other.Number) is null);
                        Assert.True(first.ExpiresAt <= now || (early && !first.IsInFlight));
                        Assert.Equal(first.IsInFlight ? first.Charges.Where(charge => charge.Limit.Metric == QuotaMetric.InFlight) : [], places);
                        kept.Remove(first);
                        expired++;
                    }
                    else
                    {
                        Assert.DoesNotContain(kept, other => other.ExpiresAt <= now);
                    }

                    break;
            }

            Compare(book, kept, random, now);
        }

        Assert.InRange(expired, 1_000, opened);
    }

    [Fact]
    public void Book_ThatIsEmptyAgain_BeginsAnew()
    {
        var book = new ReservationBook();
        var now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
        for (var round = 0; round < 3; round++)
        {
            var numbers = Enumerable.Range(0, 500).Select(_ => book.Open([Charge(QuotaMetric.Requests)], now, now + Holds[0], null)).ToList();
            Assert.Equal(500, book.Count);
            now += Holds[0];
            while (book.TryExpire(now, early: false, out _))
            {
            }

            Assert.Equal((0, null), (book.Count, book.NextExpiry));
            Assert.All(numbers, number => Assert.True(book.Find(number) is null && book.WasIssued(number)));
        }
    }

    [Fact]
    public void Book_WhereAsManyEndAsBegin_AllocatesNothingHoweverDifferentTheirHolds()
    {
        var book = new ReservationBook();
        var now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
        QuotaCharge[] charges = [Charge(QuotaMetric.Requests)];
        Serve(10_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Serve(100_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Serve(int reservations)
        {
            for (var opened = 0; opened < reservations; opened++)
            {
                now += TimeSpan.FromSeconds(1);
                while (book.TryExpire(now, early: false, out _))
                {
                }

                // One of ten is held long, so that numbers are kept with gaps between them; and every other one comes late.
                book.Open(charges, now, now + (opened % 10 == 0 ? Holds[2] : Holds[0]) - TimeSpan.FromSeconds(2 * (opened % 2)), null);
            }
        }
    }

    [Fact]
    public void Reservation_OfOneCharge_IsKeptIn48Bytes() => Assert.Equal(48, Unsafe.SizeOf<KeptReservation>());

    private static Entry Open(ReservationBook book, Random random, DateTimeOffset now)
    {
        var charges = Enumerable.Range(0, random.Next(1, 4))
            .Select(_ => Charge(random.Next(4) switch { 0 => QuotaMetric.InFlight, 1 => QuotaMetric.CostUsd, _ => QuotaMetric.Requests }))
            .ToArray();
        var request = random.Next(2) == 0 ? null : $"request-{random.Next(30)}";
        // Decisions that are made at once have read the clock in another order.
        var hold = Holds[random.Next(Holds.Length)] - TimeSpan.FromMilliseconds(random.Next(3));
        var number = book.Open(charges, now, now + hold, request is null ? null : new RequestTag(request, 7), "model/m");
        return new Entry
        {
            Number = number,
            Charges = charges,
            ExpiresAt = now + hold,
            Request = request,
            ForgottenAt = now + ReservationBook.RequestsRemembered,
        };
    }

    private static void End(ReservationBook book, Entry entry, bool settle)
    {
        if (entry.Status != ReservationStatus.Open)
        {
            return;
        }

        var reservation = book.Find(entry.Number)!;
        if (settle)
        {
            (entry.Status, entry.Settled) = (ReservationStatus.Settled, new CallUsage(InputTokens: (long)entry.Number));
            book.Settle(reservation, entry.Settled, "model/other");
        }
        else
        {
            entry.Status = ReservationStatus.Cancelled;
            book.Cancel(reservation);
        }
    }

    private static void Compare(ReservationBook book, List<Entry> kept, Random random, DateTimeOffset now)
    {
        Assert.Equal(kept.Count, book.Count);
        Assert.Equal(kept.Count == 0 ? null : kept.Min(entry => entry.ExpiresAt), book.NextExpiry);
        if (kept.Count > 0)
        {
            var entry = kept[random.Next(kept.Count)];
            var reservation = book.Find(entry.Number)!;
            Assert.Equal((entry.Status, entry.Settled, entry.ExpiresAt, entry.Request), (reservation.Status, reservation.Settled, reservation.ExpiresAt, reservation.Request?.Id));
            Assert.Equal(entry.Settled is null ? null : "model/other", reservation.SettledModel);
            Assert.Equal(entry.Charges, reservation.Charges);
            Assert.Equal(entry.Charges.Any(charge => charge.Limit.Metric == QuotaMetric.CostUsd) ? "model/m" : null, reservation.Resource);
        }

        var id = $"request-{random.Next(30)}";
        var expected = kept.LastOrDefault(entry => entry.Request == id && !entry.IsForgotten && entry.Status == ReservationStatus.Open && entry.ForgottenAt > now);
        Assert.Equal(expected?.Number, book.TryFind(id, now, out var found) ? found.Number : null);
    }

    private static QuotaCharge Charge(QuotaMetric metric) => new(Limit(metric), 7, 1);

    private static QuotaLimit Limit(QuotaMetric metric) => new(QuotaScope.Agent, "p", metric.ToString(), metric, 1000, metric == QuotaMetric.InFlight ? null : QuotaWindow.Parse("day"));

    private sealed class Entry
    {
        public required ulong Number { get; init; }

        public required QuotaCharge[] Charges { get; init; }

        public required DateTimeOffset ExpiresAt { get; init; }

        public required string? Request { get; init; }

        public required DateTimeOffset ForgottenAt { get; init; }

        public ReservationStatus Status { get; set; } = ReservationStatus.Open;

        public CallUsage? Settled { get; set; }

        public bool IsForgotten { get; set; }

        public bool IsInFlight => Status == ReservationStatus.Open && Charges.Any(charge => charge.Limit.Metric == QuotaMetric.InFlight);
    }
}
