using System.Globalization;
using System.Text.Json;

namespace ControlZero.Server.Hosting.Logging;

/// <summary>Says on stderr why a server did not start, in the form its log would have had: a line for each fault.</summary>
internal static class StartFailure
{
    private static readonly JsonSerializerOptions JsonForm = new() { Encoder = LoggingExtensions.Encoder };

    public static async Task WriteAsync(LogFormat format, IEnumerable<string> faults)
    {
        foreach (var fault in faults)
        {
            await Console.Error.WriteLineAsync(format == LogFormat.Json ? ToJson(fault) : $"controlzero: {fault}");
        }
    }

    // The fields of the log's own entries.
    private static string ToJson(string fault)
    {
        var entry = new
        {
            Timestamp = TimeProvider.System.GetUtcNow().ToString(LoggingExtensions.InstantFormat, CultureInfo.InvariantCulture),
            EventId = 0,
            LogLevel = nameof(LogLevel.Critical),
            Category = "ControlZero.Server",
            Message = fault,
        };
        return JsonSerializer.Serialize(entry, JsonForm);
    }
}
