using System.Text.Json;

namespace ControlZero.Chaos.Records;

/// <summary>
/// Reads a record's file. A run that was killed may leave a last line without its end, which is left out and told of; a line that cannot be read
/// and has its end, or others after it, was not written so.
/// </summary>
internal static class RecordReader
{
    /// <summary>The lines, and how many bytes of a torn last one were left out.</summary>
    /// <exception cref="ChaosException">A line cannot be read that is not torn; it says which.</exception>
    public static (IReadOnlyList<RecordLine> Lines, long TornBytes) Read(string path)
    {
        var lines = new List<RecordLine>();
        JsonException? broken = null;
        foreach (var text in File.ReadLines(path))
        {
            if (broken is not null)
            {
                throw Unreadable(path, lines.Count, broken);
            }

            try
            {
                lines.Add(RecordFormat.Read(text));
            }
            catch (JsonException error)
            {
                broken = error;
            }
        }

        var torn = broken is null ? 0 : BytesWithoutEnd(path);
        return broken is null || torn > 0 ? (lines, torn) : throw Unreadable(path, lines.Count, broken);
    }

    private static ChaosException Unreadable(string path, int before, JsonException why) => new(
        $"line {before + 1} of `{path}` cannot be read{(why.BytePositionInLine is { } place ? $" from its byte {place} on" : "")}; " +
        "only a last line that has no end may be torn, so the file was changed or damaged",
        why);

    // What stands after the last line break, looked for from the end.
    private static long BytesWithoutEnd(string path)
    {
        using var file = File.OpenRead(path);
        var part = new byte[1 << 16];
        for (var end = file.Length; end > 0;)
        {
            var begin = Math.Max(0, end - part.Length);
            var read = part.AsSpan(0, (int)(end - begin));
            file.Position = begin;
            file.ReadExactly(read);
            if (read.LastIndexOf((byte)'\n') is >= 0 and var place)
            {
                return file.Length - (begin + place + 1);
            }

            end = begin;
        }

        return file.Length;
    }
}
