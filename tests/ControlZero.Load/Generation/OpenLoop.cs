using System.Diagnostics;
using ControlZero.Load.Http2;

namespace ControlZero.Load.Generation;

/// <summary>
/// Calls at a fixed mean rate, at random moments, whatever the server does: as independent callers do. A call's latency counts from the
/// moment it was due, so that a server that stalls is not spared the calls it kept from being made.
/// </summary>
/// <param name="Rate">Calls a second.</param>
internal sealed record OpenLoop(double Rate)
{
    private const int Connections = 16;

    /// <summary>Runs for a while; the calls in flight at its end are waited for.</summary>
    public async Task<LoadResult> RunAsync(CallSet calls, TimeSpan duration, CancellationToken cancellationToken)
    {
        var open = await calls.ConnectAsync(Connections, cancellationToken);
        using var allSent = new CancellationTokenSource();
        try
        {
            var begun = Stopwatch.GetTimestamp();
            var records = Task.WhenAll([.. open.Select(connection => ReceiveAsync(connection, allSent.Token, cancellationToken))]);
            await Task.Factory.StartNew(
                () => Send(open, calls.Bodies, begun, duration, cancellationToken),
                cancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            await allSent.CancelAsync();
            return LoadResult.Sum(await records, Stopwatch.GetElapsedTime(begun));
        }
        finally
        {
            open.ForEach(connection => connection.Dispose());
        }
    }

    private static async Task<CallRecord> ReceiveAsync(Http2Connection connection, CancellationToken allSent, CancellationToken cancellationToken)
    {
        var record = new CallRecord();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(allSent, cancellationToken);
        try
        {
            while (true)
            {
                await connection.ReceiveAsync(record, either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            while (connection.InFlight > 0)
            {
                await connection.ReceiveAsync(record, cancellationToken);
            }
        }

        return record;
    }

    private void Send(
        List<Http2Connection> connections, ReadOnlyMemory<byte[]> bodies, long begun, TimeSpan duration, CancellationToken cancellationToken)
    {
        PrecisePause.MakeThreadPunctual();
        var random = new Random(1);
        var (due, turn) = ((double)begun, 0);
        var end = begun + (duration.TotalSeconds * Stopwatch.Frequency);
        while ((due += Gap(random)) < end)
        {
            PrecisePause.Until((long)due);
            var body = bodies.Span[random.Next(bodies.Length)];
            for (var tries = 1; !TrySend(connections[turn++ % connections.Count], body, (long)due); tries++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (tries % connections.Count == 0)
                {
                    PrecisePause.Until(Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 10_000));
                }
            }
        }
    }

    private static bool TrySend(Http2Connection connection, byte[] body, long due)
    {
        var begun = connection.TryBegin(body, due);
        if (begun)
        {
            connection.Flush();
        }

        return begun;
    }

    // Between arrivals that know nothing of each other. Unit: ticks of the stopwatch.
    private double Gap(Random random) => -Math.Log(1 - random.NextDouble()) / Rate * Stopwatch.Frequency;
}
