namespace ControlZero.Engine.Documents;

/// <summary>
/// Turns byte offsets of a UTF-8 text into lines and columns. Offsets are mostly asked for in order, so the whole text is walked once.
/// </summary>
internal sealed class TextPosition(byte[] utf8)
{
    private long _offset;
    private int _line = 1;
    private int _column = 1;

    /// <summary>Line and column, from 1, the column in UTF-16 code units.</summary>
    public (int Line, int Column) At(long offset)
    {
        if (offset < _offset)
        {
            (_offset, _line, _column) = (0, 1, 1);
        }

        for (var end = Math.Min(offset, utf8.Length); _offset < end; _offset++)
        {
            var unit = utf8[_offset];
            if (unit == '\n')
            {
                _line++;
                _column = 1;
            }
            else
            {
                _column += Utf16Units(unit);
            }
        }

        return (_line, _column);
    }

    /// <summary>The offset of a line and a byte within it, both from 0.</summary>
    public long OffsetOf(long line, long byteInLine)
    {
        long start = 0;
        for (; line > 0; line--)
        {
            start += utf8.AsSpan((int)start).IndexOf((byte)'\n') + 1;
        }

        return start + byteInLine;
    }

    // A character counts where its first byte stands; four bytes are a surrogate pair.
    private static int Utf16Units(byte unit) => (unit & 0xc0) == 0x80 ? 0 : unit >= 0xf0 ? 2 : 1;
}
