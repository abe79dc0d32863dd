using System.Buffers;
using ControlZero.Engine;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ControlZero.Server.Rpc;

/// <summary>
/// Counts what a message would make the parser allocate, from its bytes and before any of it is parsed: an entry of a list or a map can be
/// two bytes on the wire and is an object of a hundred and more in memory.
/// </summary>
/// <remarks>
/// Entries are list items, map entries, fields the protos do not know, and values of a field that was there already. A message in a
/// <c>oneof</c> that comes again is merged with a copy of itself, so it counts as everything before it does once more.
/// </remarks>
internal static class MessageEntries
{
    /// <summary>A message that is no longer than this cannot hold enough to matter, and is not looked at. Unit: bytes.</summary>
    public const int NotWorthCounting = 1024;

    // What the parser itself follows; deeper ones it refuses.
    private const int MaxDepth = 100;

    /// <summary>The entries of a message, or a number past the limit as soon as there are more. What is malformed is left to the parser.</summary>
    public static int Count(ReadOnlySequence<byte> message, MessageDescriptor type)
    {
        var reader = new SequenceReader<byte>(message);
        var count = 0;
        Walk(ref reader, message.Length, type, 1, ref count);
        return count;
    }

    // False: not worth going on, either because there is too much or because it is malformed.
    private static bool Walk(ref SequenceReader<byte> reader, long end, MessageDescriptor? type, int depth, ref int count)
    {
        if (depth > MaxDepth)
        {
            return false;
        }

        ulong seen = 0;
        while (reader.Consumed < end)
        {
            if (!TryReadVarint(ref reader, out var tag))
            {
                return false;
            }

            var number = (int)(tag >> 3);
            var field = type?.FindFieldByNumber(number);
            var bit = 1UL << (number & 63);
            count += field switch
            {
                null => 1,
                { IsRepeated: true } => 1,
                _ when (seen & bit) == 0 => 0,
                { FieldType: FieldType.Message } => count + 1,
                _ => 1,
            };
            seen |= bit;
            if (count < 0 || count > Limits.MessageMaxEntries || !TrySkip(ref reader, end, (int)(tag & 7), field, depth, ref count))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TrySkip(ref SequenceReader<byte> reader, long end, int wireType, FieldDescriptor? field, int depth, ref int count)
    {
        switch ((WireFormat.WireType)wireType)
        {
            case WireFormat.WireType.Varint:
                return TryReadVarint(ref reader, out _);
            case WireFormat.WireType.Fixed32:
                return TryAdvance(ref reader, sizeof(uint), end);
            case WireFormat.WireType.Fixed64:
                return TryAdvance(ref reader, sizeof(ulong), end);

            // The fields within a group are fields of no known message, and are counted as they come.
            case WireFormat.WireType.StartGroup or WireFormat.WireType.EndGroup:
                return true;
            case WireFormat.WireType.LengthDelimited:
                return TryReadVarint(ref reader, out var length)
                    && (field?.FieldType == FieldType.Message
                        ? length <= (ulong)(end - reader.Consumed) && Walk(ref reader, reader.Consumed + (long)length, field.MessageType, depth + 1, ref count)
                        : TryAdvance(ref reader, length, end) && TryCountPacked(field, length, ref count));
            default:
                return false;
        }
    }

    // Numbers of a list may come in one field, each at least a byte.
    private static bool TryCountPacked(FieldDescriptor? field, ulong length, ref int count)
    {
        if (field is { IsRepeated: true, FieldType: not (FieldType.String or FieldType.Bytes) })
        {
            count = (int)Math.Min((ulong)count + length, int.MaxValue / 2);
        }

        return count <= Limits.MessageMaxEntries;
    }

    private static bool TryAdvance(ref SequenceReader<byte> reader, ulong length, long end)
    {
        if (length > (ulong)(end - reader.Consumed))
        {
            return false;
        }

        reader.Advance((long)length);
        return true;
    }

    private static bool TryReadVarint(ref SequenceReader<byte> reader, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (!reader.TryRead(out var unit))
            {
                return false;
            }

            value |= (ulong)(unit & 0x7f) << shift;
            if (unit < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
