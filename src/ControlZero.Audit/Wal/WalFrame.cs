using System.Buffers.Binary;
using System.Numerics;

namespace ControlZero.Audit.Wal;

/// <summary>What stands before the lines of one commit in a WAL file. The README gives the layout.</summary>
/// <param name="Length">Bytes of the lines that follow.</param>
/// <param name="Nonce">Of the file's present use: a recycled file still holds frames of its last one.</param>
/// <param name="FirstSequence">Sequence of the first record; of the first frame, which holds the segment line, the first the segment will have.</param>
/// <param name="LinesOffset">Where the lines are in the segment.</param>
/// <param name="Checksum">CRC32C of the lines.</param>
internal readonly record struct WalFrame(int Length, ulong Nonce, long FirstSequence, long LinesOffset, uint Checksum)
{
    public const int HeaderLength = 40;

    private const uint Magic = 0x31465A43; // "CZF1"
    private const int ChecksumAt = 36;

    public static WalFrame Of(ReadOnlySpan<byte> lines, ulong nonce, long firstSequence, long linesOffset) =>
        new(lines.Length, nonce, firstSequence, linesOffset, Crc32C(lines));

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], Length);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Nonce);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], FirstSequence);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], LinesOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(to[32..], Checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(to[ChecksumAt..], Crc32C(to[..ChecksumAt]));
    }

    /// <summary>Reads a header; false when it is none, or torn.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out WalFrame frame)
    {
        frame = default;
        if (from.Length < HeaderLength
            || BinaryPrimitives.ReadUInt32LittleEndian(from) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(from[ChecksumAt..]) != Crc32C(from[..ChecksumAt]))
        {
            return false;
        }

        frame = new WalFrame(
            BinaryPrimitives.ReadInt32LittleEndian(from[4..]),
            BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[32..]));
        return frame.Length > 0;
    }

    /// <summary>Whether these are the lines the header was written for.</summary>
    public bool Covers(ReadOnlySpan<byte> lines) => lines.Length == Length && Crc32C(lines) == Checksum;

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
