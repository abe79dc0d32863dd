namespace ControlZero.Server.Rpc;

/// <summary>Reads what a page shows, several records at a time.</summary>
internal static class RecordReads
{
    // Records that are read at the same time.
    private const int AtOnce = 16;

    /// <summary>What was asked for, in its order, without what there is not.</summary>
    /// <param name="asked">What to read.</param>
    /// <param name="read">Reads one. Null: there is none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IEnumerable<TRecord>> ReadAllAsync<T, TRecord>(
        IReadOnlyList<T> asked, Func<T, CancellationToken, Task<TRecord?>> read, CancellationToken cancellationToken)
        where TRecord : class
    {
        var records = new TRecord?[asked.Count];
        await Parallel.ForAsync(
            0,
            asked.Count,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (place, cancellation) => records[place] = await read(asked[place], cancellation));
        return records.OfType<TRecord>();
    }
}
