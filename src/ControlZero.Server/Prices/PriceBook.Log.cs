namespace ControlZero.Server.Prices;

internal sealed partial class PriceBook
{
    [LoggerMessage(7301, LogLevel.Information, "prices of {Count} models are in force: version {Version}, digest {Digest}, from {File}")]
    private partial void LogLoaded(string file, string version, string digest, int count);

    [LoggerMessage(7302, LogLevel.Warning, "the price file {File} cannot be used; version {Version} stays in force")]
    private partial void LogKept(string file, string version);

    [LoggerMessage(7303, LogLevel.Warning, "the price file {File}: {Finding}")]
    private partial void LogFinding(string file, string finding);
}
