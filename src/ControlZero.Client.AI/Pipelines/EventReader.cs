using System.Buffers;

namespace ControlZero.Client.AI.Pipelines;

/// <summary>
/// Reads server-sent events as they pass, piece by piece. Not a parser to read from, as System.Net.ServerSentEvents is: the program reads, and this
/// reads along.
/// </summary>
/// <param name="onData">Takes the data of each event, as UTF-8.</param>
internal sealed class EventReader(Action<ReadOnlyMemory<byte>> onData)
{
    /// <summary>The longest event that is read; a longer one says nothing. Unit: bytes.</summary>
    private const int LongestEvent = 4 << 20;

    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly ArrayBufferWriter<byte> _data = new();
    private bool _isTooLong;
    private bool _lastWasReturn;

    /// <summary>Takes a piece.</summary>
    public void Pass(ReadOnlySpan<byte> piece)
    {
        while (piece.Length > 0)
        {
            if (_lastWasReturn && piece[0] == (byte)'\n')
            {
                piece = piece[1..];
            }

            _lastWasReturn = false;
            var end = piece.IndexOfAny((byte)'\n', (byte)'\r');
            Append(_line, end < 0 ? piece : piece[..end]);
            if (end < 0)
            {
                return;
            }

            _lastWasReturn = piece[end] == (byte)'\r';
            piece = piece[(end + 1)..];
            EndLine();
        }
    }

    /// <summary>There is no more: an event without an end counts all the same.</summary>
    public void End()
    {
        EndLine();
        EndLine();
    }

    private void EndLine()
    {
        var line = _line.WrittenSpan;
        if (line.IsEmpty)
        {
            if (_data.WrittenCount > 0 && !_isTooLong)
            {
                onData(_data.WrittenMemory);
            }

            _data.ResetWrittenCount();
            _isTooLong = false;
        }
        else if (line.StartsWith("data:"u8))
        {
            Append(_data, line["data:".Length..]);
            Append(_data, "\n"u8);
        }

        _line.ResetWrittenCount();
    }

    private void Append(ArrayBufferWriter<byte> buffer, ReadOnlySpan<byte> bytes)
    {
        _isTooLong |= buffer.WrittenCount + bytes.Length > LongestEvent;
        if (!_isTooLong)
        {
            buffer.Write(bytes);
        }
    }
}
