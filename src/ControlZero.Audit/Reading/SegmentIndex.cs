using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Reading;

/// <summary>The index of one segment, made by reading its lines once, and further as the segment grows.</summary>
internal sealed class SegmentIndex(SegmentId segment)
{
    private const int FirstBlock = 256 * 1024;

    private readonly Dictionary<string, GrowingEntries> _tenants = [];

    /// <summary>The segment.</summary>
    public SegmentId Segment => segment;

    /// <summary>How far it was read: the end of the last whole line. Unit: bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Whether the last line was the segment's end.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Whose events it holds.</summary>
    public IReadOnlyDictionary<string, GrowingEntries> Tenants => _tenants;

    /// <summary>Reads on. The stream begins at <see cref="Length"/>.</summary>
    public async Task ReadOnAsync(Stream lines, CancellationToken cancellationToken)
    {
        var block = new byte[FirstBlock];
        var filled = 0;
        while (await lines.ReadAsync(block.AsMemory(filled), cancellationToken) is var read and > 0)
        {
            filled += read;
            var taken = Take(block.AsSpan(0, filled));
            block.AsSpan(taken, filled - taken).CopyTo(block);
            filled -= taken;
            if (filled == block.Length)
            {
                Array.Resize(ref block, 2 * block.Length);
            }
        }
    }

    /// <summary>Takes the whole lines that a block begins with.</summary>
    /// <param name="block">What stands at <see cref="Length"/>.</param>
    /// <returns>How many bytes they are.</returns>
    public int Take(ReadOnlySpan<byte> block)
    {
        var taken = 0;
        var tenant = "";
        while (block[taken..].IndexOf((byte)'\n') is var length and >= 0)
        {
            var line = block.Slice(taken, length);
            var isEvent = LineReader.TryIndex(line, Length, ref tenant, out var entry, out var agent);
            IsEnded = !isEvent && ChainedLine.TryParse(line, out var parsed) && EndLine.TryParse(parsed.Content, out _);
            if (isEvent)
            {
                if (!_tenants.TryGetValue(tenant, out var entries))
                {
                    _tenants.Add(tenant, entries = new GrowingEntries());
                }

                entries.Add(entry, agent);
            }

            taken += length + 1;
            Length += length + 1;
        }

        return taken;
    }
}
