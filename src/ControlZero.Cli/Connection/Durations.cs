using System.CommandLine.Parsing;
using System.Globalization;

namespace ControlZero.Cli.Connection;

/// <summary>Lengths of time as people write them: <c>500ms</c>, <c>10s</c>, <c>2m</c>, <c>12h</c>, <c>30d</c>.</summary>
internal static class Durations
{
    public const string Remedy = "write a whole number and `ms`, `s`, `m`, `h` or `d`, for example `30s`";
    private const long MaxMilliseconds = 3650L * 24 * 60 * 60 * 1000;

    private static readonly (string Unit, long Milliseconds)[] Units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Reads a length of time, above zero and of ten years at most.</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits <= 0 || !long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var unit = Array.Find(Units, unit => text.AsSpan(digits).SequenceEqual(unit.Unit));
        if (unit.Milliseconds == 0 || number == 0 || number > MaxMilliseconds / unit.Milliseconds)
        {
            return false;
        }

        time = TimeSpan.FromMilliseconds(number * unit.Milliseconds);
        return true;
    }

    /// <summary>Reads the value of an option.</summary>
    public static TimeSpan? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (!TryParse(text, out var time))
        {
            result.AddError($"`{text}` is not a length of time; {Remedy}");
        }

        return time;
    }
}
