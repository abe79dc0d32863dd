using System.Text.RegularExpressions;

namespace ControlZero.Engine.Quotas;

/// <summary>
/// The local clock of a time zone. Everything rests on one question to the framework, the offset at an instant, which has one answer; its
/// answers about local times that occur twice or never are not used.
/// </summary>
internal sealed partial class ZoneClock(TimeZoneInfo zone)
{
    // No zone is farther from UTC. Unit: seconds.
    private const long MaxOffset = 15 * 3600;

    // No zone changes its offset twice within this. Unit: seconds.
    private const long Step = 3600;

    /// <summary>The zone of that name, or null: there is none that means the same on every machine.</summary>
    public static TimeZoneInfo? Find(string zone) =>
        ZoneName().IsMatch(zone)
        && zone is not ("localtime" or "posixrules")
        && !zone.Equals("local", StringComparison.OrdinalIgnoreCase)
        && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found)
            ? found
            : null;

    /// <summary>What the clock shows.</summary>
    public DateTime LocalAt(DateTimeOffset instant) => DateTime.SpecifyKind(instant.UtcDateTime + zone.GetUtcOffset(instant), DateTimeKind.Unspecified);

    /// <summary>The first instant at which the clock shows this time or a later one.</summary>
    /// <param name="local">A time in whole seconds.</param>
    public DateTimeOffset FirstReach(DateTime local)
    {
        var wanted = Seconds(local);
        var from = wanted - MaxOffset;
        var offset = OffsetAt(from);
        while (true)
        {
            var to = from + Step;
            var next = OffsetAt(to);
            var change = next == offset ? to : ChangeWithin(from, to, next);
            if (wanted - offset < change)
            {
                return DateTimeOffset.FromUnixTimeSeconds(Math.Max(wanted - offset, from));
            }

            if (wanted - next <= to)
            {
                return DateTimeOffset.FromUnixTimeSeconds(Math.Max(wanted - next, change));
            }

            (from, offset) = (to, next);
        }
    }

    private static long Seconds(DateTime local) => (local.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;

    private long OffsetAt(long seconds) => (long)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeSeconds(seconds)).TotalSeconds;

    // The first second of the new offset.
    private long ChangeWithin(long from, long to, long next)
    {
        while (to - from > 1)
        {
            var middle = from + ((to - from) / 2);
            if (OffsetAt(middle) == next)
            {
                to = middle;
            }
            else
            {
                from = middle;
            }
        }

        return to;
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ZoneName();
}
