using System.Globalization;
using System.Text.RegularExpressions;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Policies;

/// <summary>Reads the times of a limit: <c>window</c> with its <c>timezone</c>, and <c>hold</c>.</summary>
internal sealed partial class LimitWindowReader(FindingList findings)
{
    private const string WindowRemedy = "write a number with `s`, `m`, `h` or `d`, such as `1m`, at most 366 days, or one of `hour`, `day`, `week`, `month`";

    private static readonly TimeSpan MaxHold = TimeSpan.FromHours(24);

    private readonly FieldReader _fields = new(findings);

    /// <summary>The window, or null: the metric has none, or it is noted.</summary>
    public QuotaWindow? Read(DocumentNode limit, QuotaMetric metric)
    {
        var (node, zoneNode) = (limit.Find("window"), limit.Find("timezone"));
        var zone = ReadZone(zoneNode);
        if (metric == QuotaMetric.InFlight)
        {
            Refuse(node, "window");
            Refuse(zoneNode, "timezone");
            return null;
        }

        if (node is null)
        {
            findings.Error(limit, limit.PathOf("window"), DiagnosticCodes.FieldRequired, "a limit has no `window`", WindowRemedy);
            return null;
        }

        if (_fields.Text(node, "`window`") is not { } text)
        {
            return null;
        }

        if (!QuotaWindow.TryParse(text, null, out var window, out _))
        {
            findings.Error(node, DiagnosticCodes.WindowInvalid, $"{Quoted.Text(text)} is no window", WindowRemedy);
            return null;
        }

        if (zone is not null && !window.IsCalendar)
        {
            findings.Error(zoneNode!, DiagnosticCodes.LimitShape, $"the window {Quoted.Text(text)} is a fixed duration, and has no time zone",
                "remove `timezone`, or write `hour`, `day`, `week` or `month`");
            return null;
        }

        return QuotaWindow.TryParse(text, zone, out var zoned, out _) ? zoned : window;
    }

    /// <summary>How long a call under way counts, or null: it says nothing, or it is noted.</summary>
    public TimeSpan? ReadHold(DocumentNode? node)
    {
        if (_fields.Text(node, "`hold`") is not { } text)
        {
            return null;
        }

        var match = Duration().Match(text);
        var seconds = match.Success ? long.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) * UnitSeconds(text[^1]) : 0;
        if (seconds > 0 && seconds <= MaxHold.TotalSeconds)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        findings.Error(node!, DiagnosticCodes.WindowInvalid, $"{Quoted.Text(text)} is no time to hold a reservation for",
            "write a number with `s`, `m` or `h`, such as `10m`, at most 24 hours");
        return null;
    }

    private string? ReadZone(DocumentNode? node)
    {
        var zone = _fields.Text(node, "`timezone`");
        if (zone is null || QuotaWindow.IsZone(zone))
        {
            return zone;
        }

        findings.Error(node!, DiagnosticCodes.TimezoneUnknown, $"there is no time zone {Quoted.Text(zone)}",
            "use an IANA name, for example `Europe/Berlin`, or `UTC`");
        return null;
    }

    private void Refuse(DocumentNode? node, string name)
    {
        if (node is not null)
        {
            findings.Error(node, DiagnosticCodes.LimitShape, $"`{name}` does not apply to `in_flight`: it counts calls at a time, not in a window",
                $"remove `{name}`; `hold` says how long a call counts");
        }
    }

    private static long UnitSeconds(char unit) => unit switch
    {
        's' => 1,
        'm' => 60,
        _ => 3600,
    };

    [GeneratedRegex(@"\A([1-9][0-9]{0,5})[smh]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();
}
