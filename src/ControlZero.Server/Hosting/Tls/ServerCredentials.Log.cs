namespace ControlZero.Server.Hosting.Tls;

internal sealed partial class ServerCredentials
{
    [LoggerMessage(EventId = 4001, Level = LogLevel.Information, Message = "New connections get the certificate of {Subject}, which ends {NotAfter:O}")]
    private partial void LogReloaded(string subject, DateTime notAfter);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning, Message = "The TLS files changed and cannot be used, so the ones read before stay in use: {Faults}")]
    private partial void LogRefused(string faults);
}
