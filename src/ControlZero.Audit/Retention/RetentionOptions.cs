namespace ControlZero.Audit.Retention;

/// <summary>How long bodies of events are kept. Hashes are kept for ever: about 230 bytes a record.</summary>
public sealed record RetentionOptions
{
    /// <summary>Segments that began longer ago lose their bodies. Default: null, never.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>When all segments together have more bytes than this, the oldest lose their bodies until they have not. Default: null, no limit.</summary>
    public long? Bytes { get; init; }
}
