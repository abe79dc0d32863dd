namespace ControlZero.Engine.Quotas;

/// <summary>A unit of the calendar: numbers the stretches of local time, and says where each begins by the local clock.</summary>
/// <param name="numberOf">The number of the stretch a local time lies in. Never decreases with it.</param>
/// <param name="startOf">The local time at which a stretch begins.</param>
internal sealed class CalendarUnit(Func<DateTime, long> numberOf, Func<long, DateTime> startOf)
{
    private const int DaysOfWeek = 7;
    private const int MonthsOfYear = 12;

    private static readonly CalendarUnit Hour = new(
        static local => local.Ticks / TimeSpan.TicksPerHour,
        static number => new DateTime(number * TimeSpan.TicksPerHour));

    private static readonly CalendarUnit Day = new(
        static local => local.Ticks / TimeSpan.TicksPerDay,
        static number => new DateTime(number * TimeSpan.TicksPerDay));

    // 0001-01-01 was a Monday.
    private static readonly CalendarUnit Week = new(
        static local => local.Ticks / (DaysOfWeek * TimeSpan.TicksPerDay),
        static number => new DateTime(number * DaysOfWeek * TimeSpan.TicksPerDay));

    private static readonly CalendarUnit Month = new(
        static local => ((local.Year - 1) * MonthsOfYear) + local.Month - 1,
        static number => new DateTime((int)(number / MonthsOfYear) + 1, (int)(number % MonthsOfYear) + 1, 1));

    /// <summary>Reads the word for a unit.</summary>
    public static bool TryParse(string word, out CalendarUnit unit)
    {
        unit = word switch
        {
            "hour" => Hour,
            "day" => Day,
            "week" => Week,
            _ => Month,
        };
        return word is "hour" or "day" or "week" or "month";
    }

    /// <summary>The window an instant lies in.</summary>
    public WindowSpan At(DateTimeOffset instant, ZoneClock clock)
    {
        var number = numberOf(clock.LocalAt(instant));
        var start = clock.FirstReach(startOf(number));
        var end = clock.FirstReach(startOf(number + 1));

        // The clock may have reached the next one already and have been set back since: a window that has begun does not end again. What it
        // skips is an empty one.
        while (end <= instant)
        {
            number++;
            (start, end) = (end, clock.FirstReach(startOf(number + 1)));
        }

        return new WindowSpan(number, start, end);
    }
}
