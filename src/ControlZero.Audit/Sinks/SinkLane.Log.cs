using Microsoft.Extensions.Logging;

namespace ControlZero.Audit.Sinks;

internal sealed partial class SinkLane
{
    [LoggerMessage(7101, LogLevel.Error, "audit sink {Sink} does not answer as it should; lines wait on the local disk, and it is tried again")]
    private partial void LogTrouble(Exception failure, string sink);

    [LoggerMessage(7102, LogLevel.Critical, "audit sink {Sink} has fenced this silo off: {Reason}. It answers nothing more until it is started again")]
    private partial void LogFenced(string sink, string reason);
}
