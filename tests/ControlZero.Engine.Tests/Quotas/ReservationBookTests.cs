using System.Runtime.CompilerServices;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Quotas;

/// <summary>Books that share a budget, held against plain lists of everything that was opened.</summary>
public sealed class ReservationBookTests
{
    private const int Books = 3;
    private const int Capacity = 40;
    private const int Most = 80;

    private static readonly TimeSpan[] Holds = [TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Books_AfterAnythingThatHappens_KeepWhatPlainListsKeepAndNoMoreThanTheyMay(int seed)
    {
        var random = new Random(seed);
        var budget = new ReservationBudget(Most);
        var books = Enumerable.Range(0, Books).Select(_ => new ReservationBook(budget, Capacity)).ToArray();
        var lists = books.Select(_ => new List<Entry>()).ToArray();
        var now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
        var seen = new HashSet<string>();
        for (var step = 0; step < 10_000; step++)
        {
            // For a while mostly calls in flight, so that in the end nothing else is kept.
            var inFlight = step / 500 % 3 == 0 ? 0.9 : 0.2;
            var at = random.Next(Books);
            var (book, kept) = (books[at], lists[at]);
            switch (random.Next(20))
            {
                case < 13:
                    Open(book, kept, lists.Sum(list => list.Count), random, now, random.NextDouble() < inFlight, seen);
                    break;
                case < 17 when kept.Count > 0:
                    End(book, kept, kept[random.Next(kept.Count)], random.Next(2) == 0, seen);
                    break;
                case 18:
                    now += TimeSpan.FromSeconds(random.Next(8));
                    book.Expire(now);
                    kept.RemoveAll(entry => entry.ExpiresAt <= now);
                    break;
                case 19 when random.Next(40) == 0:
                    book.Close();
                    Assert.Equal((0, false, false), (book.Count, book.TryMakeRoom(inFlight: true), book.TryMakeRoom(inFlight: false)));
                    books[at] = new ReservationBook(budget, Capacity);
                    kept.Clear();
                    break;
            }

            Compare(books[at], kept, random, now);
            Assert.InRange(books[at].Count, 0, Capacity);
            Assert.Equal(lists.Sum(list => list.Count), budget.Count);
            Assert.InRange(budget.Count, 0, Most);
        }

        Assert.Equal(["denied", "ended as it began", "ended early", "full", "passed over", "settled when passed over"], seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Book_WithOneCallUnderWay_KeepsNoMoreThanItsCapacity()
    {
        var budget = new ReservationBudget();
        var book = new ReservationBook(budget);
        var now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
        book.TryMakeRoom(inFlight: true);
        var call = book.Open([Charge(QuotaMetric.InFlight)], now, now + Holds[1], null);
        for (var opened = 0; opened < 100_000; opened++)
        {
            now += TimeSpan.FromMilliseconds(1);
            book.Expire(now);
            Assert.True(book.TryMakeRoom(inFlight: false));
            book.Open([Charge(QuotaMetric.Requests)], now, now + Holds[2], null);
        }

        Assert.Equal((ReservationBook.Capacity, ReservationBook.Capacity), (book.Count, (int)budget.Count));
        Assert.Equal(ReservationStatus.Open, book.Find(call)!.Status);
        Assert.Equal(now + Holds[1] - TimeSpan.FromSeconds(100), book.NextExpiry);
        book.Expire(now + Holds[1] - TimeSpan.FromSeconds(100));
        Assert.Null(book.Find(call));
    }

    [Fact]
    public void Book_OfRequestsWithIds_RemembersThoseThatItKeeps()
    {
        var book = new ReservationBook(new ReservationBudget(), capacity: 100);
        var now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
        for (var opened = 0; opened < 1_000; opened++)
        {
            book.TryMakeRoom(inFlight: false);
            book.Open([Charge(QuotaMetric.Requests)], now, now + Holds[2], new RequestTag($"request-{opened}", 7));
        }

        Assert.Equal(100, book.RequestsKnown);
        Assert.False(book.TryFind("request-899", now, out _));
        Assert.True(book.TryFind("request-900", now, out _));
    }

    [Fact]
    public void Open_WithoutRoom_IsRefused()
    {
        var book = new ReservationBook(new ReservationBudget());
        var now = DateTimeOffset.UnixEpoch;

        Assert.Throws<InvalidOperationException>(() => book.Open([Charge(QuotaMetric.Requests)], now, now + Holds[0], null));
        Assert.True(book.TryMakeRoom(inFlight: false));
        Assert.True(book.TryMakeRoom(inFlight: false));
        book.Open([Charge(QuotaMetric.Requests)], now, now + Holds[0], null);
        Assert.Throws<InvalidOperationException>(() => book.Open([Charge(QuotaMetric.Requests)], now, now + Holds[0], null));
    }

    [Fact]
    public void Book_ThatIsEmptyAgain_BeginsAnew()
    {
        var budget = new ReservationBudget();
        var book = new ReservationBook(budget);
        var now = new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
        for (var round = 0; round < 3; round++)
        {
            var numbers = Enumerable.Range(0, 500).Select(_ => Open(book, [Charge(QuotaMetric.Requests)], now, Holds[0])).ToList();
            Assert.Equal((500, 500), (book.Count, (int)budget.Count));
            now += Holds[0];
            book.Expire(now);

            Assert.Equal((0, null, 0), (book.Count, book.NextExpiry, (int)budget.Count));
            Assert.All(numbers, number => Assert.True(book.Find(number) is null && book.WasIssued(number)));
        }
    }

    [Fact]
    public void Book_WhereAsManyEndAsBegin_AllocatesNothingHoweverDifferentTheirHolds()
    {
        var book = new ReservationBook(new ReservationBudget());
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
                book.Expire(now);

                // One of ten is held long, so that numbers are kept with gaps between them; and every other one comes late.
                Open(book, charges, now, (opened % 10 == 0 ? Holds[2] : Holds[0]) - TimeSpan.FromSeconds(2 * (opened % 2)));
            }
        }
    }

    [Fact]
    public void Reservation_OfOneCharge_IsKeptIn48Bytes() => Assert.Equal(48, Unsafe.SizeOf<KeptReservation>());

    private static ulong Open(ReservationBook book, QuotaCharge[] charges, DateTimeOffset now, TimeSpan hold)
    {
        Assert.True(book.TryMakeRoom(inFlight: false));
        return book.Open(charges, now, now + hold, null);
    }

    private static void Open(ReservationBook book, List<Entry> kept, int all, Random random, DateTimeOffset now, bool inFlight, HashSet<string> seen)
    {
        var hasRoom = kept.Count < Capacity && all < (inFlight ? Most : Most * 3 / 4);
        var early = kept.Where(entry => !entry.IsInFlight).ToList();
        Assert.Equal(hasRoom || early.Count > 0, book.TryMakeRoom(inFlight));
        if (!hasRoom && early.Count == 0)
        {
            seen.Add(inFlight ? "denied" : "ended as it began");
            kept.ForEach(call => call.MayBePassedOver = true);
            Assert.True(inFlight || (book.OpenEnded() is var unkept && book.Find(unkept) is null && book.WasIssued(unkept)));
            return;
        }

        if (!hasRoom)
        {
            var first = early.Min(entry => entry.ExpiresAt);
            var ended = early.Where(entry => entry.ExpiresAt == first).Single(entry => book.Find(entry.Number) is null);
            kept.Remove(ended);
            seen.Add(kept.Count + 1 == Capacity ? "full" : "ended early");
            foreach (var call in kept.Where(entry => entry.IsInFlight && entry.ExpiresAt <= first))
            {
                call.MayBePassedOver = true;
                seen.Add("passed over");
            }
        }

        var entry = Make(random, now, inFlight);
        entry.Number = book.Open(entry.Charges, now, entry.ExpiresAt, entry.Request is null ? null : new RequestTag(entry.Request, 7), "model/m");
        kept.Where(other => other.Request is not null && other.Request == entry.Request).ToList().ForEach(other => other.IsForgotten = true);
        kept.Add(entry);
    }

    private static Entry Make(Random random, DateTimeOffset now, bool inFlight)
    {
        var charges = Enumerable.Range(0, random.Next(1, 4))
            .Select(index => Charge(inFlight && index == 0 ? QuotaMetric.InFlight : random.Next(3) == 0 ? QuotaMetric.CostUsd : QuotaMetric.Requests))
            .ToArray();
        random.Shuffle(charges);

        // Decisions that are made at once have read the clock in another order.
        var hold = Holds[random.Next(Holds.Length)] - TimeSpan.FromMilliseconds(random.Next(3));
        return new Entry
        {
            Charges = charges,
            ExpiresAt = now + hold,
            Request = random.Next(2) == 0 ? null : $"request-{random.Next(30)}",
            ForgottenAt = now + ReservationBook.RequestsRemembered,
        };
    }

    private static void End(ReservationBook book, List<Entry> kept, Entry entry, bool settle, HashSet<string> seen)
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

        // A call that was passed over is forgotten when it ends.
        if (book.Find(entry.Number) is null)
        {
            Assert.True(entry.MayBePassedOver);
            kept.Remove(entry);
            seen.Add("settled when passed over");
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
        public ulong Number { get; set; }

        public required QuotaCharge[] Charges { get; init; }

        public required DateTimeOffset ExpiresAt { get; init; }

        public required string? Request { get; init; }

        public required DateTimeOffset ForgottenAt { get; init; }

        public ReservationStatus Status { get; set; } = ReservationStatus.Open;

        public CallUsage? Settled { get; set; }

        public bool IsForgotten { get; set; }

        public bool MayBePassedOver { get; set; }

        public bool IsInFlight => Status == ReservationStatus.Open && Charges.Any(charge => charge.Limit.Metric == QuotaMetric.InFlight);
    }
}
