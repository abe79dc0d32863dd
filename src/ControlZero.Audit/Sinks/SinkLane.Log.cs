using Microsoft.Extensions.Logging;

namespace ControlZero.Audit.Sinks;

internal sealed partial class SinkLane
{
    [LoggerMessage(7101, LogLevel.Error, "audit sink {Sink} does not answer as it should; lines wait on the local disk, and it is tried again")]
    private partial void LogTrouble(Exception failure, string sink);

    [LoggerMessage(7102, LogLevel.Critical, "audit sink {Sink} has fenced this silo off: {Reason}. It answers nothing more until it is started again")]
    private partial void LogFenced(string sink, string reason);

    [LoggerMessage(7103, LogLevel.Critical, "audit segment {Segment} will not be in sink {Sink}, which has been gone for so long that the local disk may keep no more for it. Another sink has it")]
    private partial void LogGivenUp(string sink, string segment);

    [LoggerMessage(7104, LogLevel.Warning, "audit segment {Segment} had been sealed by another silo; the {Records} records it lacked are in segment {Continuation}")]
    private partial void LogContinued(string segment, string continuation, long records);
}
