using System.Text;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Format.Segments;

/// <summary>Rewrites a segment so that it still verifies and says less: retention drops all bodies, a tenant's export those of other tenants.</summary>
public static class SegmentReducer
{
    private const int LongestReduced = 320;

    /// <summary>Copies a segment, line by line. Headers, gaps, ends and lines that are reduced already stay as they are.</summary>
    /// <param name="from">A segment.</param>
    /// <param name="to">The reduced one.</param>
    /// <param name="keep">The tenant whose events stay whole; null: none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Records that were reduced.</returns>
    /// <exception cref="InvalidDataException">A line is none of a log, or was changed: nothing is reduced that would not verify.</exception>
    public static async Task<long> ReduceAsync(Stream from, Stream to, string? keep, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        using var buffer = new MemoryStream();
        var (number, reduced) = (0L, 0L);
        await LineReader.ReadAsync(
            from,
            (bytes, isWhole) =>
            {
                number++;
                if (!isWhole || !ChainedLine.TryParse(bytes, out var line) || !line.IsIntact)
                {
                    throw new InvalidDataException($"line {number} is no sound line of a log");
                }

                if (line.IsReduced || !EventContent.TryReadTenant(line.Content, out var tenant) || (keep is not null && Ascii.Equals(tenant, keep)))
                {
                    buffer.Write(bytes);
                    buffer.WriteByte((byte)'\n');
                    return;
                }

                Span<byte> written = stackalloc byte[LongestReduced];
                buffer.Write(written[..line.WriteReduced(written)]);
                reduced++;
            },
            _ => Drain(buffer, to),
            cancellationToken);
        Drain(buffer, to);
        await to.FlushAsync(cancellationToken);
        return reduced;
    }

    // Before each block is looked at: what the one before left.
    private static void Drain(MemoryStream buffer, Stream to)
    {
        buffer.WriteTo(to);
        buffer.SetLength(0);
    }
}
