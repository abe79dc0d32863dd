namespace ControlZero.Audit.Log;

/// <summary>
/// A silo's audit log. There is no cancellation here on purpose: a caller that hangs up must not erase its event.
/// Expected failures are an outcome, never an exception.
/// </summary>
public interface IAuditLog
{
    /// <summary>Appends one entry; done when it is durable (or, buffered, taken). Entries of one caller keep their order.</summary>
    /// <exception cref="ArgumentException">The body is empty, too long, or has a line feed.</exception>
    Task<AuditAppend> AppendAsync(in AuditEntry entry);

    /// <summary>Appends all, one after the other with nothing between, and waits once. All are durable or none is reported so. None is no entry: durable at once.</summary>
    /// <exception cref="ArgumentException">As above; then none is appended.</exception>
    Task<AuditAppend> AppendAsync(ReadOnlySpan<AuditEntry> entries);

    /// <summary>
    /// True while entries that are not durable yet will be within moments: they wait for the local disk alone, the last write to it went well, the one
    /// under way has not taken long, and what may wait for the sinks is not nearly all used.
    /// </summary>
    bool IsPrompt { get; }

    /// <summary>How it stands.</summary>
    AuditLogStatus Status { get; }

    /// <summary>
    /// Raised when lines can be read from the sink's files, with the last sequence, never on the writer's thread. A wake-up: read the files for the truth.
    /// </summary>
    event Action<AuditPosition>? Readable;
}

/// <summary>A place in a silo's log.</summary>
/// <param name="Silo">Name of the silo.</param>
/// <param name="Generation">Of the silo.</param>
/// <param name="Sequence">From 1; 0 is before the first record.</param>
public readonly record struct AuditPosition(string Silo, long Generation, long Sequence);

/// <summary>How a log stands, for health and metrics.</summary>
public sealed record AuditLogStatus
{
    /// <summary>Last record that is durable on the local disk.</summary>
    public required AuditPosition Committed { get; init; }

    /// <summary>Last record that the slowest sink has.</summary>
    public required long Shipped { get; init; }

    /// <summary>Bytes on the local disk that a sink does not have yet.</summary>
    public required long SpilledBytes { get; init; }

    /// <summary>Entries lost in mode <c>buffered</c>, in this generation.</summary>
    public required long Dropped { get; init; }

    /// <summary>Why entries are refused now; null when they are not.</summary>
    public string? Trouble { get; init; }

    /// <summary>What a sink's last attempt ended with; null while all go well. Lines wait on the local disk meanwhile.</summary>
    public string? SinkTrouble { get; init; }
}
