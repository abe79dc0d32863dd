using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Quotas;

public sealed class ReservationBudgetTests
{
    [Fact]
    public void TryTake_WhenSpent_IsRefusedUntilRoomIsReturned()
    {
        var budget = new ReservationBudget(8);

        Assert.Equal(6, Enumerable.Range(0, 10).Count(_ => budget.TryTake(inFlight: false)));
        Assert.Equal(2, Enumerable.Range(0, 10).Count(_ => budget.TryTake(inFlight: true)));
        Assert.Equal(8, budget.Count);

        budget.Return(3);
        Assert.Equal(5, budget.Count);
        Assert.Equal(1, Enumerable.Range(0, 10).Count(_ => budget.TryTake(inFlight: false)));
        Assert.Equal(2, Enumerable.Range(0, 10).Count(_ => budget.TryTake(inFlight: true)));
    }

    [Fact]
    public void TryTake_UnlessTold_IsOfAMillion()
    {
        var budget = new ReservationBudget();

        Assert.Equal(750_000, Enumerable.Range(0, 1_100_000).Count(_ => budget.TryTake(inFlight: false)));
        Assert.Equal(250_000, Enumerable.Range(0, 1_100_000).Count(_ => budget.TryTake(inFlight: true)));
    }

    // Whoever looks before he takes is found out here: there is one place, and all want it all the time.
    [Fact]
    public async Task TryTake_OfTheLastPlaceByAllAtOnce_GivesItToOne()
    {
        var budget = new ReservationBudget(1);
        var (held, worst) = (0L, 0L);
        using var start = new Barrier(4);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                for (var step = 0; step < 30_000_000; step++)
                {
                    if (budget.TryTake(inFlight: true))
                    {
                        InterlockedMax(ref worst, Interlocked.Increment(ref held));
                        Interlocked.Decrement(ref held);
                        budget.Return(1);
                    }
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

        Assert.Equal((0, 1), (budget.Count, worst));
    }

    [Fact]
    public void TryTake_OfManyAtOnce_NeverGivesMoreThanThereIs()
    {
        const int most = 100;
        var budget = new ReservationBudget(most);
        var (held, worst) = (0L, 0L);

        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
        {
            var random = new Random(thread);
            var own = 0;
            for (var step = 0; step < 50_000; step++)
            {
                if (random.Next(5) < 3 && budget.TryTake(inFlight: thread % 2 == 0))
                {
                    own++;
                    var now = Interlocked.Increment(ref held);
                    InterlockedMax(ref worst, now);
                }
                else if (own > 0)
                {
                    own--;
                    Interlocked.Decrement(ref held);
                    budget.Return(1);
                }
            }

            Interlocked.Add(ref held, -own);
            budget.Return(own);
        });

        Assert.Equal((0, 0), ((int)budget.Count, (int)held));
        Assert.InRange(worst, most / 2, most);
    }

    private static void InterlockedMax(ref long most, long value)
    {
        for (var known = Volatile.Read(ref most); known < value;)
        {
            known = Interlocked.CompareExchange(ref most, value, known) is var found && found == known ? value : found;
        }
    }
}
