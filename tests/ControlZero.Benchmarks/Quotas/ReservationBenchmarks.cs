using BenchmarkDotNet.Attributes;
using ControlZero.Engine.Quotas;

namespace ControlZero.Benchmarks.Quotas;

/// <summary>
/// A reservation that is opened while another one's time is over, as in a server that is busy for longer than reservations are held: of so many
/// accounts that none is in the processor's cache when it is its turn.
/// </summary>
public class ReservationBenchmarks
{
    private const int Accounts = 200;
    private const int Kept = 5_000;

    private static readonly QuotaLimit Limit = new(QuotaScope.Agent, "p", "l", QuotaMetric.Requests, 1_000_000, QuotaWindow.Parse("day"));

    private static readonly ReservationBudget Budget = new(2 * Accounts * Kept);

    private readonly ReservationBook[] _books = [.. Enumerable.Range(0, Accounts).Select(_ => new ReservationBook(Budget))];
    private readonly TimeSpan _tick = QuotaLimit.DefaultHold / (Accounts * Kept);
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
    private int _next;

    [GlobalSetup]
    public void Fill()
    {
        for (var opened = 0; opened < Accounts * Kept; opened++)
        {
            OpenAndExpire();
        }
    }

    [Benchmark(Description = "open a reservation, end one")]
    public ulong OpenAndExpire()
    {
        _now += _tick;
        var book = _books[_next];
        _next = (_next + 1) % Accounts;
        book.Expire(_now);
        book.TryMakeRoom(inFlight: false);
        return book.Open([new QuotaCharge(Limit, 7, 1)], _now, _now + QuotaLimit.DefaultHold, request: null);
    }
}
