using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Log;

/// <summary>What an answer waits for.</summary>
public enum AuditMode
{
    /// <summary>None. Refused.</summary>
    Unspecified = 0,

    /// <summary>Until the event is flushed to the local disk (fsync): survives kill -9, a power cut and a reboot, not the loss of the disk.</summary>
    Durable,

    /// <summary>
    /// Until one sink has it. While no sink answers it is <see cref="Durable"/> with a cap (<see cref="AuditLogOptions.SpillBytes"/>). With Azure blobs it survives
    /// the loss of the machine.
    /// </summary>
    DurableInSink,

    /// <summary>
    /// For nothing. Entries are written within about a millisecond and flushed each second: kill -9 loses about a millisecond, a power cut about a second; what is
    /// lost for want of room is counted in a gap record.
    /// </summary>
    Buffered,
}

/// <summary>How a silo's log is kept.</summary>
public sealed record AuditLogOptions
{
    /// <summary>Name of the silo, another one for each: <c>[A-Za-z0-9._-]{1,64}</c>.</summary>
    public required string Silo { get; init; }

    /// <summary>Grows with each start of the silo. Default: milliseconds since 1970.</summary>
    public long? Generation { get; init; }

    /// <summary>Local directory of the WAL. Default: none; it must be given.</summary>
    public required string WalDirectory { get; init; }

    /// <summary>What an answer waits for. Default: <see cref="AuditMode.Durable"/>.</summary>
    public AuditMode Mode { get; init; } = AuditMode.Durable;

    /// <summary>Size at which a segment ends, in bytes. Default: 64 MiB.</summary>
    public long SegmentBytes { get; init; } = 64 << 20;

    /// <summary>Age at which a segment ends; it also ends with the hour of its folder. Default: 1 h.</summary>
    public TimeSpan SegmentAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Bytes of entries that may wait for the writer. Past that an entry is <see cref="AuditOutcome.Unavailable"/>, in mode <c>buffered</c>
    /// <see cref="AuditOutcome.Dropped"/>; nothing waits for room. Default: 32 MiB.
    /// </summary>
    public int QueueBytes { get; init; } = 32 << 20;

    /// <summary>Bytes that may wait on the local disk for a sink. Past that entries are <see cref="AuditOutcome.Unavailable"/>. Default: 1 GiB.</summary>
    public long SpillBytes { get; init; } = 1L << 30;

    /// <summary>Time between two checkpoints in the ledger. Default: 1 min.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an answer waits for a sink in mode <c>durable in sink</c> before the local disk has to do. Default: 500 ms.</summary>
    public TimeSpan SinkPatience { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long closing waits for the sinks. What they do not have then is shipped by the next start. Default: 10 s.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>All that is wrong with the settings, a sentence each; empty when nothing is.</summary>
    public IEnumerable<string> Faults()
    {
        if (!SegmentId.IsSilo(Silo))
        {
            yield return $"silo is `{Silo}`: 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`, not beginning with a dot";
        }

        if (Mode is not (AuditMode.Durable or AuditMode.DurableInSink or AuditMode.Buffered))
        {
            yield return $"mode is `{Mode}`: one of durable, durable in sink, buffered";
        }

        if (SegmentBytes < 4096)
        {
            yield return $"segment bytes is {SegmentBytes}: at least 4096";
        }

        if (QueueBytes < 2 * AuditEntry.LongestBody)
        {
            yield return $"queue bytes is {QueueBytes}: at least {2 * AuditEntry.LongestBody}, two of the longest bodies";
        }

        if (SpillBytes < SegmentBytes)
        {
            yield return $"spill bytes is {SpillBytes}: at least the bytes of a segment, {SegmentBytes}";
        }
    }
}
