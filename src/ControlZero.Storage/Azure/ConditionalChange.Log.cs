using Microsoft.Extensions.Logging;

namespace ControlZero.Storage.Azure;

internal sealed partial class ConditionalChange
{
    [LoggerMessage(EventId = 4001, Level = LogLevel.Information, Message = "The change of {Address} had been made although the request failed")]
    private static partial void LogRecovered(ILogger logger, Exception failure, string address);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning, Message = "It is unknown whether {Address} was changed")]
    private static partial void LogUnknown(ILogger logger, Exception failure, string address);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Warning, Message = "{Address} could not be read back")]
    private static partial void LogReadBackFailed(ILogger logger, Exception failure, string address);
}
