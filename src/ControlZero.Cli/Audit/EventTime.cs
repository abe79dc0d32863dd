using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ControlZero.Cli.Connection;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Audit;

/// <summary>A time as options take it: an instant, or how long ago.</summary>
internal sealed record EventTime(TimeSpan Ago, DateTimeOffset? Instant)
{
    /// <summary>An option that takes one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it is for.</param>
    public static Option<EventTime?> Option(string name, string description) =>
        new(name) { Description = description, HelpName = "time", CustomParser = Parse };

    /// <summary>The instant.</summary>
    public Timestamp At(TimeProvider clock) => (Instant ?? clock.GetUtcNow() - Ago).ToTimestamp();

    private static EventTime? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (Durations.TryParse(text, out var ago))
        {
            return new EventTime(ago, null);
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant) && char.IsAsciiDigit(text[0]))
        {
            return new EventTime(default, instant);
        }

        result.AddError($"`{text}` is no time; write one like `2026-11-27T12:00:00Z`, or how long ago, for example `2h`");
        return null;
    }
}
