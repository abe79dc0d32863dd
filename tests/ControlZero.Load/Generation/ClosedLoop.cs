using System.Diagnostics;
using ControlZero.Load.Http2;

namespace ControlZero.Load.Generation;

/// <summary>A fixed number of calls in flight: each answer sets the next call off. Says how much a server can do.</summary>
/// <param name="Connections">How many connections.</param>
/// <param name="PerConnection">Calls in flight on each.</param>
internal sealed record ClosedLoop(int Connections, int PerConnection)
{
    /// <summary>Calls in flight in all.</summary>
    public int InFlight => Connections * PerConnection;

    /// <summary>Calls agents at random. After the duration no call begins; those in flight are waited for.</summary>
    public Task<LoadResult> RunAsync(CallSet calls, TimeSpan duration, CancellationToken cancellationToken)
    {
        var ticks = (long)(duration.TotalSeconds * Stopwatch.Frequency);
        return DriveAllAsync(calls, (seed, begun) => AtRandom(calls.Bodies, new Random(seed), begun + ticks), static _ => { }, cancellationToken);
    }

    /// <summary>Makes every call once.</summary>
    /// <param name="calls">What to call.</param>
    /// <param name="onAnswered">Is told how many more were answered. Called from several threads.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public Task<LoadResult> RunOnceEachAsync(CallSet calls, Action<int> onAnswered, CancellationToken cancellationToken) =>
        DriveAllAsync(calls, (share, _) => EveryNth(calls.Bodies, share, Connections), onAnswered, cancellationToken);

    // The time runs from when all connections are open: a busy server takes its time to accept many.
    private async Task<LoadResult> DriveAllAsync(
        CallSet calls, Func<int, long, IEnumerator<byte[]>> bodies, Action<int> onAnswered, CancellationToken cancellationToken)
    {
        var open = await calls.ConnectAsync(Connections, cancellationToken);
        try
        {
            var begun = Stopwatch.GetTimestamp();
            var records = await Task.WhenAll(open.Select((connection, i) => Task.Run(
                () => DriveAsync(connection, bodies(i, begun), onAnswered, cancellationToken), cancellationToken)));
            return LoadResult.Sum(records, Stopwatch.GetElapsedTime(begun));
        }
        finally
        {
            open.ForEach(connection => connection.Dispose());
        }
    }

    private async Task<CallRecord> DriveAsync(
        Http2Connection connection, IEnumerator<byte[]> bodies, Action<int> onAnswered, CancellationToken cancellationToken)
    {
        var record = new CallRecord();
        var owed = PerConnection;
        for (var more = bodies.MoveNext(); more || connection.InFlight > 0;)
        {
            var now = Stopwatch.GetTimestamp();
            while (more && owed > 0 && connection.TryBegin(bodies.Current, now))
            {
                owed--;
                more = bodies.MoveNext();
            }

            connection.Flush();
            var ended = await connection.ReceiveAsync(record, cancellationToken);
            owed += ended;
            onAnswered(ended);
        }

        return record;
    }

    private static IEnumerator<byte[]> AtRandom(ReadOnlyMemory<byte[]> bodies, Random random, long until)
    {
        while (Stopwatch.GetTimestamp() < until)
        {
            yield return bodies.Span[random.Next(bodies.Length)];
        }
    }

    private static IEnumerator<byte[]> EveryNth(ReadOnlyMemory<byte[]> bodies, int first, int step)
    {
        for (var i = first; i < bodies.Length; i += step)
        {
            yield return bodies.Span[i];
        }
    }
}
