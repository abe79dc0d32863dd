namespace ControlZero.Load.Generation;

/// <summary>What a run of the generator came to. A run with a single wrong answer is none: it fails.</summary>
/// <param name="Calls">Calls that were answered, all of them rightly.</param>
/// <param name="Elapsed">From the first call to the last answer.</param>
/// <param name="Latency">How long they took. Empty: the generator does not say.</param>
internal sealed record LoadResult(long Calls, TimeSpan Elapsed, LatencyHistogram Latency)
{
    /// <summary>Calls a second.</summary>
    public double Rate => Calls / Elapsed.TotalSeconds;

    /// <summary>Adds up what the connections did.</summary>
    /// <exception cref="LoadException">An answer was wrong.</exception>
    public static LoadResult Sum(IEnumerable<CallRecord> records, TimeSpan elapsed)
    {
        var latency = new LatencyHistogram();
        foreach (var record in records)
        {
            if (record.FirstFailure is { } failure)
            {
                throw new LoadException($"{record.Failed} of {record.Latency.Count} answers of a connection were wrong, the first: {failure}");
            }

            latency.Add(record.Latency);
        }

        return new LoadResult(latency.Count, elapsed, latency);
    }
}

/// <summary>The measurement cannot be made or its figures would not be true.</summary>
internal sealed class LoadException(string message, Exception? cause = null) : Exception(message, cause);
