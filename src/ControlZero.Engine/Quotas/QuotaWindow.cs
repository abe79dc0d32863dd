using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ControlZero.Engine.Quotas;

/// <summary>
/// How time is cut into windows: a fixed duration (<c>30s</c>, <c>1m</c>, <c>2h</c>, <c>7d</c>), counted from 1970-01-01 UTC, or a calendar
/// unit (<c>hour day week month</c>; weeks begin on Monday) in a time zone. Windows follow one another without a gap.
/// </summary>
/// <remarks>
/// A calendar window begins when the zone's clock first reaches it, and ends when the next one begins. So a day on which the clock is changed
/// has 23 or 25 hours, an hour that is run through twice is one window of two hours, and a clock that is set back over midnight does not
/// reopen yesterday. Ids are calendar numbers: a silo with older rules of a zone may disagree about where a window ends, never about which it is.
/// </remarks>
public sealed class QuotaWindow : IEquatable<QuotaWindow>
{
    /// <summary>The longest fixed window. Unit: seconds. 366 days.</summary>
    public const long MaxSeconds = 366L * 24 * 3600;

    private const string DefaultZone = "UTC";

    // The window that was asked for last: all agents under a limit ask for the same one for as long as it lasts.
    private Known? _last;

    private readonly long _seconds;
    private readonly (CalendarUnit Unit, ZoneClock Clock)? _calendar;

    private QuotaWindow(string text, long seconds)
    {
        Text = text;
        Key = string.Create(CultureInfo.InvariantCulture, $"{seconds}s");
        _seconds = seconds;
    }

    private QuotaWindow(string text, CalendarUnit unit, TimeZoneInfo zone)
    {
        Text = text;
        Zone = zone.Id;
        Key = $"{text}@{zone.Id}";
        _calendar = (unit, new ZoneClock(zone));
    }

    /// <summary>The window as written, its zone aside.</summary>
    public string Text { get; }

    /// <summary>The IANA name of its zone. Null: a fixed duration, which has none.</summary>
    public string? Zone { get; }

    /// <summary>Its part of a limit's identity: <c>60s</c> for both <c>1m</c> and <c>60s</c>; <c>day@Europe/Berlin</c>.</summary>
    public string Key { get; }

    /// <summary>True when windows follow a calendar; only those take a time zone.</summary>
    public bool IsCalendar => _calendar is not null;

    /// <summary>Reads a window.</summary>
    /// <param name="text">The window as written.</param>
    /// <param name="zone">An IANA time zone. Null: UTC for calendar units, none for durations.</param>
    /// <param name="window">The window.</param>
    /// <param name="error">What is wrong, and what to write instead.</param>
    public static bool TryParse(string text, string? zone, [NotNullWhen(true)] out QuotaWindow? window, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);

        (window, error) = CalendarUnit.TryParse(text, out var unit) ? OfCalendar(text, unit, zone) : OfDuration(text, zone);
        return window is not null;
    }

    /// <summary>Reads a window that was checked before.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static QuotaWindow Parse(string text, string? zone = null) =>
        TryParse(text, zone, out var window, out var error) ? window : throw new FormatException(error);

    /// <summary>True for the name of a time zone that means the same on every machine.</summary>
    public static bool IsZone(string zone) => ZoneClock.Find(zone) is not null;

    /// <summary>The window an instant lies in.</summary>
    public WindowSpan At(DateTimeOffset instant)
    {
        if (_last is { } known && known.Span.Contains(instant))
        {
            return known.Span;
        }

        var span = _calendar is { } calendar ? calendar.Unit.At(instant, calendar.Clock) : FixedAt(instant);
        _last = new Known(span);
        return span;
    }

    /// <inheritdoc/>
    public bool Equals(QuotaWindow? other) => other is not null && other.Key == Key;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as QuotaWindow);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Key);

    /// <inheritdoc/>
    public override string ToString() => Zone is null ? Text : Key;

    private static (QuotaWindow?, string?) OfCalendar(string text, CalendarUnit unit, string? zone) =>
        ZoneClock.Find(zone ?? DefaultZone) is { } found
            ? (new QuotaWindow(text, unit, found), null)
            : (null, $"there is no time zone `{zone}`; use an IANA name, for example `Europe/Berlin`, or `UTC`");

    private static (QuotaWindow?, string?) OfDuration(string text, string? zone)
    {
        if (text.Length < 2 || UnitSeconds(text[^1]) is not { } unit || text[0] == '0'
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || count > MaxSeconds)
        {
            return (null, $"`{text}` is no window; write a number with `s`, `m`, `h` or `d`, such as `1m`, or one of `hour`, `day`, `week`, `month`");
        }

        if (count * unit > MaxSeconds)
        {
            return (null, $"the window `{text}` is longer than 366 days; write a shorter one");
        }

        return zone is null
            ? (new QuotaWindow(text, count * unit), null)
            : (null, $"the window `{text}` is a fixed duration, and has no time zone; remove the zone, or write `hour`, `day`, `week` or `month`");
    }

    private static long? UnitSeconds(char unit) => unit switch
    {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => null,
    };

    private WindowSpan FixedAt(DateTimeOffset instant)
    {
        var (id, rest) = Math.DivRem(instant.ToUnixTimeSeconds(), _seconds);
        id -= rest < 0 ? 1 : 0;
        return new WindowSpan(id, DateTimeOffset.FromUnixTimeSeconds(id * _seconds), DateTimeOffset.FromUnixTimeSeconds((id + 1) * _seconds));
    }

    private sealed record Known(WindowSpan Span);
}
