using Microsoft.Extensions.Logging;

namespace ControlZero.Audit.Log;

public sealed partial class AuditLog
{
    [LoggerMessage(7001, LogLevel.Critical, "the audit log cannot be written to the local disk; answers are refused with AUDIT_UNAVAILABLE until it can")]
    private partial void LogDiskFailed(Exception failure);

    [LoggerMessage(7002, LogLevel.Warning, "audit segment {Segment} was left by a silo that did not close: {Records} records recovered")]
    private partial void LogRecovered(string segment, long records);

    [LoggerMessage(7003, LogLevel.Critical, "audit segment {Segment} is damaged after record {Last}: the disk has lost what was flushed to it. The file is kept as .damaged in the WAL directory")]
    private partial void LogDamaged(string segment, long last);

    [LoggerMessage(7004, LogLevel.Error, "the WAL file of audit segment {Segment}, which is in all sinks, could not be put aside")]
    private partial void LogFileKept(Exception failure, string segment);
}
