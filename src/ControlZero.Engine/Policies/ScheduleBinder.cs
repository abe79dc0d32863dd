using System.Collections.Immutable;
using System.Globalization;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Policies;

/// <summary>Reads times of day and days of the week: <c>between</c>, <c>weekdays</c> and <c>zone</c>.</summary>
internal sealed class ScheduleBinder(FindingList findings)
{
    private const string DefaultZone = "UTC";
    private const string SpanRemedy = "write `between: [\"09:00\", \"17:30\"]`";

    private static readonly string[] TimeFormats = ["HH:mm", "HH:mm:ss"];

    private readonly FieldReader _fields = new(findings);

    /// <summary>The schedule, or null: none is asked for, or it is noted.</summary>
    public Schedule? Bind(DocumentNode condition)
    {
        var (between, weekdays, zone) = (condition.Find("between"), condition.Find("weekdays"), condition.Find("zone"));
        if (between?.Kind == NodeKind.Object)
        {
            _fields.CheckObject(between, "`between`", PolicySchema.SpanKeys);
            weekdays = OneOf(between, "weekdays", weekdays);
            zone = OneOf(between, "zone", zone);
        }

        if (between is null && weekdays is null)
        {
            if (zone is not null)
            {
                findings.Error(zone, DiagnosticCodes.OperandInvalid, "`zone` alone asks nothing",
                    "add `between` or `weekdays`, or remove it");
            }

            return null;
        }

        var span = ReadSpan(between);
        return new Schedule(span?.From, span?.To, ReadWeekdays(weekdays), ReadZone(zone));
    }

    private DocumentNode? OneOf(DocumentNode between, string name, DocumentNode? beside)
    {
        if (between.Find(name) is not { } within)
        {
            return beside;
        }

        if (beside is not null)
        {
            findings.Error(within, DiagnosticCodes.SaidTwice, $"`{name}` stands within `between` and beside it", "keep one of the two");
        }

        return within;
    }

    private (TimeOnly From, TimeOnly To)? ReadSpan(DocumentNode? between)
    {
        DocumentNode? first, second;
        switch (between?.Kind)
        {
            case null or NodeKind.Invalid:
                return null;
            case NodeKind.Object:
                (first, second) = (between.Find("from"), between.Find("to"));
                break;
            default:
                (first, second) = between is { Kind: NodeKind.List, Items.Count: 2 } ? (between.Items[0], between.Items[1]) : (null, null);
                break;
        }

        if (first is null || second is null)
        {
            findings.Error(between, DiagnosticCodes.OperandInvalid, "`between` takes two times of day", SpanRemedy);
            return null;
        }

        var (from, to) = (ReadTime(first), ReadTime(second));
        if (from is null || to is null)
        {
            return null;
        }

        if (from != to)
        {
            return (from.Value, to.Value);
        }

        findings.Error(between, DiagnosticCodes.OperandInvalid, $"`between` begins and ends at {Quoted.Text(first.Text)}",
            "leave `between` out for the whole day");
        return null;
    }

    private TimeOnly? ReadTime(DocumentNode node)
    {
        if (node.Kind == NodeKind.Text && TimeOnly.TryParseExact(node.Text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None,
            out var time))
        {
            return time;
        }

        if (node.Kind != NodeKind.Invalid)
        {
            findings.Error(node, DiagnosticCodes.OperandInvalid, $"{Quoted.Text(node.Text)} is no time of day",
                "write `HH:MM` or `HH:MM:SS` between quotes, 00:00 to 23:59:59; a span up to midnight ends at \"00:00\"");
        }

        return null;
    }

    private ImmutableArray<DayOfWeek> ReadWeekdays(DocumentNode? node)
    {
        if (node is null)
        {
            return [];
        }

        if (node.Kind != NodeKind.List)
        {
            _fields.WrongType(node, "`weekdays` must be a list", "write `weekdays: [mon, tue, wed, thu, fri]`");
            return [];
        }

        var days = new SortedSet<DayOfWeek>();
        foreach (var item in _fields.OneOrMany(node, "`weekdays`") ?? [])
        {
            if (_fields.Text(item, "a weekday") is not { } word)
            {
                continue;
            }

            if (PolicySchema.Weekdays.TryGetValue(word, out var day))
            {
                days.Add(day);
            }
            else
            {
                findings.Error(item, DiagnosticCodes.FieldValue, $"{Quoted.Text(word)} is no day of the week",
                    "use mon, tue, wed, thu, fri, sat, sun or the full English names");
            }
        }

        return [.. days];
    }

    private string ReadZone(DocumentNode? node)
    {
        if (node is null)
        {
            return DefaultZone;
        }

        var zone = _fields.Text(node, "`zone`");
        if (zone is not null && !QuotaWindow.IsZone(zone))
        {
            findings.Error(node, DiagnosticCodes.TimezoneUnknown, $"there is no time zone {Quoted.Text(zone)}",
                "use an IANA name, for example `Europe/Berlin`, or `UTC`");
        }

        return zone ?? DefaultZone;
    }
}
