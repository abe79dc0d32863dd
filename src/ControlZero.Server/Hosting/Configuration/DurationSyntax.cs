using System.Globalization;

namespace ControlZero.Server.Hosting.Configuration;

/// <summary>Lengths of time as <c>cz</c> takes them too: <c>500ms</c>, <c>10s</c>, <c>2m</c>, <c>12h</c>, <c>30d</c>.</summary>
internal static class DurationSyntax
{
    private const long MaxMilliseconds = 3650L * 24 * 60 * 60 * 1000;

    // The largest first: how a length is shown.
    private static readonly (string Unit, long Milliseconds)[] Units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

    /// <summary>Reads a length of time of ten years at most.</summary>
    public static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits <= 0 || !long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var unit = Array.Find(Units, unit => text.AsSpan(digits).SequenceEqual(unit.Unit));
        if (unit.Milliseconds == 0 || number > MaxMilliseconds / unit.Milliseconds)
        {
            return false;
        }

        time = TimeSpan.FromMilliseconds(number * unit.Milliseconds);
        return true;
    }

    /// <summary>Writes a length of time in the largest unit that makes it a whole number.</summary>
    public static string Format(TimeSpan time)
    {
        var milliseconds = (long)time.TotalMilliseconds;
        var (unit, size) = milliseconds == 0 ? ("s", 1000) : Array.Find(Units, unit => milliseconds % unit.Milliseconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / size}{unit}");
    }
}
