using System.Diagnostics;
using ControlZero.Load.Http2;

namespace ControlZero.Load.Generation;

/// <summary>
/// A closed loop of messages on calls that stream both ways. Answers come in any order and all alike, so it tells no latencies.
/// </summary>
/// <param name="Streams">How many streams, each on its connection.</param>
/// <param name="PerStream">Messages in flight on each.</param>
internal sealed record StreamLoop(int Streams, int PerStream)
{
    /// <summary>Runs for a while; the messages in flight at its end are waited for.</summary>
    public async Task<LoadResult> RunAsync(CallSet calls, TimeSpan duration, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        var until = begun + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var counts = await Task.WhenAll(Enumerable.Range(0, Streams).Select(seed =>
            Task.Run(() => DriveAsync(calls, new Random(seed), until, cancellationToken), cancellationToken)));
        return new LoadResult(counts.Sum(), Stopwatch.GetElapsedTime(begun), new LatencyHistogram());
    }

    private async Task<long> DriveAsync(CallSet calls, Random random, long until, CancellationToken cancellationToken)
    {
        using var stream = await MessageStream.OpenAsync(
            calls.Server, new RequestHeaders(calls.Server, calls.Path, calls.Key), calls.Check, cancellationToken);
        var (answered, inFlight) = (0L, 0);
        while (true)
        {
            for (; inFlight < PerStream && Stopwatch.GetTimestamp() < until; inFlight++)
            {
                stream.Add(calls.Bodies.Span[random.Next(calls.Bodies.Length)]);
            }

            // Not before the time is over, however many answers came at once.
            if (inFlight == 0)
            {
                break;
            }

            stream.Flush();
            var answers = await stream.ReceiveAsync(ThrowIfWrong, cancellationToken);
            answered += answers;
            inFlight -= answers;
        }

        stream.Complete();
        while (!stream.HasEnded)
        {
            await stream.ReceiveAsync(ThrowIfWrong, cancellationToken);
        }

        return answered;
    }

    private static void ThrowIfWrong(string? failure)
    {
        if (failure is not null)
        {
            throw new LoadException(failure);
        }
    }
}
