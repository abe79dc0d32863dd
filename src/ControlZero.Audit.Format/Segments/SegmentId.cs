using System.Globalization;

namespace ControlZero.Audit.Format.Segments;

/// <summary>A segment: what one silo wrote, between one start (generation) and its end, into one file.</summary>
/// <param name="Silo">Name of the silo: <c>[A-Za-z0-9._-]{1,64}</c>.</param>
/// <param name="Generation">Grows with each start of the silo.</param>
/// <param name="Number">Number of the segment in its generation, from 0.</param>
public readonly record struct SegmentId(string Silo, long Generation, int Number)
{
    /// <summary>Ending of a sealed segment.</summary>
    public const string Extension = ".jsonl";

    /// <summary>What a local segment's name has in addition while it is written.</summary>
    public const string OpenSuffix = ".open";

    /// <summary>Where segments are, below the log's root.</summary>
    public const string Folder = "audit";

    // A silo that was taken for dead may have more of a segment than was in the sink when it was sealed: what is left comes under a number of its own.
    private const int Continuations = 1_000_000;

    private const int LongestSilo = 64;

    /// <summary>Whether a name may be a silo's.</summary>
    public static bool IsSilo(string? name) =>
        name is { Length: > 0 and <= LongestSilo } && name[0] is not '.'
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');

    /// <summary>The file's name without folder and ending: <c>SILO-GENERATION-SEGMENT</c>, the segment with six digits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Silo}-{Generation}-{Number:D6}");

    /// <summary>Path below the log's root: <c>audit/date=YYYY-MM-DD/hour=HH/SILO-GENERATION-SEGMENT.jsonl</c>, by the segment's first moment, UTC.</summary>
    public string PathAt(DateTimeOffset created) =>
        string.Create(CultureInfo.InvariantCulture, $"{Folder}/date={created.UtcDateTime:yyyy-MM-dd}/hour={created.UtcDateTime:HH}/{this}{Extension}");

    /// <summary>The segment that holds what this one lacks.</summary>
    public SegmentId Continuation => this with { Number = Number + Continuations };

    /// <summary>Reads the id out of a path or name, sealed or open; false when it is no segment's.</summary>
    public static bool TryParse(string path, out SegmentId id)
    {
        ArgumentNullException.ThrowIfNull(path);
        id = default;
        var name = path[(path.LastIndexOf('/') + 1)..];
        name = name.EndsWith(OpenSuffix, StringComparison.Ordinal) ? name[..^OpenSuffix.Length] : name;
        if (!name.EndsWith(Extension, StringComparison.Ordinal))
        {
            return false;
        }

        name = name[..^Extension.Length];
        var last = name.LastIndexOf('-');
        var middle = last > 0 ? name.LastIndexOf('-', last - 1) : -1;
        if (middle <= 0
            || !long.TryParse(name.AsSpan(middle + 1, last - middle - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            || !int.TryParse(name.AsSpan(last + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        id = new SegmentId(name[..middle], generation, number);
        return IsSilo(id.Silo) && id.ToString() == name;
    }
}
