using System.Buffers;

namespace ControlZero.Audit.Format.Lines;

/// <summary>Takes a line apart from its neighbours, without copying it. <paramref name="line"/> has no line feed; <paramref name="isWhole"/>: it had one.</summary>
public delegate void LineVisitor(ReadOnlySpan<byte> line, bool isWhole);

/// <summary>Reads a stream line by line in blocks.</summary>
public static class LineReader
{
    private const int BlockBytes = 256 << 10;

    // A body has at most 512 KiB; what is longer than this is no line of a log.
    private const int LongestLine = 4 << 20;

    /// <summary>Shows every line to the visitor, the last one also when nothing ends it. Gives the bytes read.</summary>
    /// <param name="stream">Read to its end.</param>
    /// <param name="visit">Called for each line.</param>
    /// <param name="progress">Bytes of each block, as they come.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidDataException">A line of more than 4 MiB.</exception>
    public static async Task<long> ReadAsync(Stream stream, LineVisitor visit, Action<int>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(visit);
        var buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
        var (held, total) = (0, 0L);
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(held), cancellationToken);
            if (read == 0)
            {
                break;
            }

            total += read;
            progress?.Invoke(read);
            held = Visit(buffer, held + read, visit);
            if (held == buffer.Length)
            {
                if (held >= LongestLine)
                {
                    throw new InvalidDataException($"a line of more than {LongestLine} bytes");
                }

                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                buffer.CopyTo(larger, 0);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
        }

        if (held > 0)
        {
            visit(buffer.AsSpan(0, held), isWhole: false);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return total;
    }

    private static int Visit(byte[] buffer, int length, LineVisitor visit)
    {
        var rest = buffer.AsSpan(0, length);
        for (var end = rest.IndexOf((byte)'\n'); end >= 0; end = rest.IndexOf((byte)'\n'))
        {
            visit(rest[..end], isWhole: true);
            rest = rest[(end + 1)..];
        }

        rest.CopyTo(buffer);
        return rest.Length;
    }
}
