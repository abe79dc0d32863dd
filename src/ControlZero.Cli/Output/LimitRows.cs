using System.Globalization;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Output;

/// <summary>Limits and what is left of them, as people read them: a bar, a share, figures in their unit.</summary>
internal static class LimitRows
{
    private const int BarWidth = 20;
    private const decimal NanosPerDollar = 1_000_000_000;

    public static readonly IReadOnlyList<string> Columns = ["LIMIT", "PER", "WINDOW", "USED", "", "OF", "LEFT", "RESETS"];

    /// <summary>The columns of <see cref="Tightest"/>.</summary>
    public static readonly IReadOnlyList<string> TightestColumns = ["TIGHTEST LIMIT", "", "LEFT", "OF", "RESETS"];

    /// <summary>One row a limit.</summary>
    public static IEnumerable<string[]> Of(IEnumerable<LimitState> limits, DateTimeOffset now) => limits.Select(limit => new[]
    {
        $"{limit.Policy}/{limit.Name}",
        limit.Per,
        limit.Window.Length == 0 ? "at a time" : limit.Window,
        Amount(limit.Used, limit.Unit),
        Bar(limit.Used, limit.Limit),
        Amount(limit.Limit, limit.Unit),
        Amount(limit.Remaining, limit.Unit),
        Resets(limit, now),
    });

    /// <summary>One limit in the row of something else. Null: no limit applies to it.</summary>
    public static string[] Tightest(LimitState? limit, DateTimeOffset now) => limit is null
        ? ["", "", "", "", ""]
        :
        [
            $"{limit.Policy}/{limit.Name}",
            Bar(limit.Used, limit.Limit),
            Amount(limit.Remaining, limit.Unit),
            Amount(limit.Limit, limit.Unit),
            Resets(limit, now),
        ];

    /// <summary>A limit as JSON shows it; the figures stay in their unit.</summary>
    public static object Shape(LimitState limit) => new
    {
        limit.Policy,
        limit.Name,
        limit.Metric,
        limit.Per,
        limit.Window,
        limit.Unit,
        limit.Limit,
        limit.Used,
        limit.Remaining,
        ResetsAt = Shapes.Instant(limit.ResetsAt),
    };

    /// <summary>A limit of a decision, as the cluster's other answers have it.</summary>
    public static LimitState StateOf(LimitUsage usage) => new()
    {
        Policy = usage.Policy,
        Name = usage.Name,
        Metric = usage.Metric,
        Per = usage.Per,
        Window = usage.Window,
        Unit = usage.Unit,
        Limit = usage.Limit,
        Used = usage.Used,
        Remaining = usage.Remaining,
        ResetsAt = usage.ResetsAt?.ToTimestamp(),
    };

    /// <summary>How full it is. A bar is full only when nothing is left, and empty only when nothing was used.</summary>
    public static string Bar(long used, long limit)
    {
        var share = limit <= 0 ? 1 : Math.Clamp((double)used / limit, 0, 1);
        var filled = share is 0 or 1 ? (int)(share * BarWidth) : Math.Clamp((int)Math.Round(share * BarWidth), 1, BarWidth - 1);
        var percent = share is 0 or 1 ? share * 100 : Math.Clamp(Math.Round(share * 100), 1, 99);
        return string.Create(CultureInfo.InvariantCulture, $"[{new string('#', filled)}{new string('.', BarWidth - filled)}] {percent,3:0}%");
    }

    /// <summary>A figure in its unit: dollars for money, with as many decimals as it has, two at least.</summary>
    public static string Amount(long units, string unit) => unit == "nano_usd"
        ? string.Create(CultureInfo.InvariantCulture, $"${units / NanosPerDollar:#,0.00#######}")
        : units.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A length of time in its two largest units.</summary>
    public static string Span(TimeSpan left) => left switch
    {
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{left.Days}d {left.Hours}h"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{left.Hours}h {left.Minutes}m"),
        { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{left.Minutes}m {left.Seconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, left.Seconds)}s"),
    };

    private static string Resets(LimitState limit, DateTimeOffset now) =>
        limit.ResetsAt is { } end ? $"in {Span(end.ToDateTimeOffset() - now)}" : "";
}
