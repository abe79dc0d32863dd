using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Reading;

/// <summary>A segment as it was listed.</summary>
/// <param name="Id">Which one.</param>
/// <param name="Path">Its path below the log's root.</param>
/// <param name="Length">Unit: bytes.</param>
internal sealed record IndexedSegment(SegmentId Id, string Path, long Length)
{
    /// <summary>Length of what lies beside it as its index. 0: nothing does. Unit: bytes.</summary>
    public long IndexLength { get; init; }

    /// <summary>True while it is written on a local disk. Of a blob only its end line tells.</summary>
    public bool IsOpen => Path.EndsWith(SegmentId.OpenSuffix, StringComparison.Ordinal);

    /// <summary>Its path when it is sealed.</summary>
    public string SealedPath => IsOpen ? Path[..^SegmentId.OpenSuffix.Length] : Path;

    /// <summary>Where its index is, or will be.</summary>
    public string IndexPath => SealedPath[..^SegmentId.Extension.Length] + IndexFile.Extension;
}
