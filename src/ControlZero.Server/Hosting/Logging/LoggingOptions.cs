using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Hosting.Logging;

/// <summary>What the server says on stderr while it serves.</summary>
internal sealed record LoggingOptions
{
    /// <summary>The section: <c>Logging</c>.</summary>
    public const string SectionName = "Logging";

    private static readonly LogLevel[] Levels = [LogLevel.Debug, LogLevel.Information, LogLevel.Warning, LogLevel.Error, LogLevel.Critical];

    /// <summary>How an entry is written: <c>text</c>, a line for people; <c>json</c>, one JSON object a line. Default: text.</summary>
    public LogFormat Format { get; init; } = LogFormat.Text;

    /// <summary>
    /// The least that is written: <c>debug</c>, <c>information</c>, <c>warning</c>, <c>error</c> or <c>critical</c>; below warning Orleans says
    /// much about itself. Default: warning.
    /// </summary>
    public LogLevel Level { get; init; } = LogLevel.Warning;

    /// <summary>
    /// How many warnings and errors of one kind (a category's event) are written in half a minute; the rest are counted, and the count is written. Critical ones
    /// and those of the audit log are always written. 0 to 1,000,000; 0: all are. Default: 10.
    /// </summary>
    public int Burst { get; init; } = 10;

    /// <summary>Reads the section.</summary>
    public static LoggingOptions Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new LoggingOptions());
        return new()
        {
            Format = section.OneOf(nameof(Format), standard.Format, LogFormat.Text, LogFormat.Json),
            Level = section.OneOf(nameof(Level), standard.Level, Levels),
            Burst = section.Number(nameof(Burst), standard.Burst, 0, 1_000_000),
        };
    }
}

/// <summary>How log entries are written.</summary>
internal enum LogFormat
{
    /// <summary>A line for people.</summary>
    Text = 0,

    /// <summary>One JSON object a line: <c>Timestamp</c> (UTC), <c>EventId</c>, <c>LogLevel</c>, <c>Category</c>, <c>Message</c>, <c>State</c>, <c>Exception</c>.</summary>
    Json = 1,
}
