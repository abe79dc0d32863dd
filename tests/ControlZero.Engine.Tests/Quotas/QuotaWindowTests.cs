using ControlZero.Engine.Quotas;
using CsCheck;

namespace ControlZero.Engine.Tests.Quotas;

public sealed class QuotaWindowTests
{
    private static readonly DateTimeOffset From = new(2009, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Whole and half hours of offset, a change by half an hour, changes at and just after midnight, a day that never was.
    private static readonly string[] Zones =
    [
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Goose_Bay", "America/Havana",
        "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia", "Asia/Gaza", "Pacific/Kiritimati",
    ];

    private static readonly Gen<QuotaWindow> Windows = Gen.OneOf(
        Gen.Select(OneOf("hour", "day", "week", "month"), OneOf(Zones), QuotaWindow.Parse),
        OneOf("1s", "30s", "1m", "60s", "90m", "2h", "1d", "7d", "366d").Select(text => QuotaWindow.Parse(text)));

    private static readonly Gen<DateTimeOffset> Instants = Gen.Long[From.UtcTicks, To.UtcTicks].Select(ticks => new DateTimeOffset(ticks, TimeSpan.Zero));

    [Fact]
    public void At_AnyInstant_LiesInItsWindowAndTheWindowsFollowOneAnother() => Gen.Select(Windows, Instants).Sample((window, instant) =>
    {
        var span = window.At(instant);
        var next = window.At(span.End);
        var previous = window.At(span.Start.AddTicks(-1));

        Assert.True(span.Contains(instant), $"{window} {instant:O} {span}");
        Assert.Equal(span, window.At(span.Start));
        Assert.Equal(span, window.At(span.End.AddTicks(-1)));
        Assert.Equal((span.End, span.Start), (next.Start, previous.End));
        Assert.True(previous.Id < span.Id && span.Id < next.Id, $"{window} {instant:O}: {previous.Id}, {span.Id}, {next.Id}");
    });

    [Fact]
    public void At_TwoInstants_NeverGoesBack() => Gen.Select(Windows, Instants, Gen.Long[0, 3 * TimeSpan.TicksPerDay]).Sample((window, instant, later) =>
    {
        var (first, second) = (window.At(instant), window.At(instant.AddTicks(later)));

        Assert.True(first.Id <= second.Id);
        Assert.Equal(first.Id == second.Id, first == second);
    });

    [Fact]
    public void At_DaysOfAZone_BeginWhenItsClockFirstReachesThem() => Gen.Select(OneOf(Zones), Instants).Sample((zone, instant) =>
    {
        var clock = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var span = QuotaWindow.Parse("day", zone).At(instant);
        long Date(DateTimeOffset at) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, clock).DateTime).DayNumber;

        Assert.Equal(span.Id, Date(span.Start));
        for (var before = span.Start.AddMinutes(-1); before > span.Start.AddHours(-30); before = before.AddMinutes(-1))
        {
            Assert.True(Date(before) < span.Id, $"{zone} {before:O}");
        }
    }, iter: 300);

    [Theory]
    [InlineData("day", "Europe/Berlin", "2026-03-29T10:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23)]
    [InlineData("day", "Europe/Berlin", "2026-10-25T10:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25)]
    [InlineData("hour", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", 2)]
    [InlineData("hour", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", 2)]
    [InlineData("hour", "Asia/Kathmandu", "2026-10-25T01:30:00Z", "2026-10-25T01:15:00Z", "2026-10-25T02:15:00Z", 1)]
    [InlineData("day", "UTC", "2028-02-29T23:59:59Z", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z", 24)]
    [InlineData("month", "UTC", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z", 29 * 24)]
    [InlineData("month", "UTC", "2027-12-31T23:59:59Z", "2027-12-01T00:00:00Z", "2028-01-01T00:00:00Z", 31 * 24)]
    [InlineData("week", "UTC", "2026-11-29T12:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z", 7 * 24)]
    [InlineData("1m", null, "2026-11-29T12:00:59Z", "2026-11-29T12:00:00Z", "2026-11-29T12:01:00Z", 1 / 60.0)]
    public void At_KnownInstants_GivesTheWindow(string text, string? zone, string at, string start, string end, double hours)
    {
        var span = QuotaWindow.Parse(text, zone).At(DateTimeOffset.Parse(at, null));

        Assert.Equal((DateTimeOffset.Parse(start, null), DateTimeOffset.Parse(end, null)), (span.Start, span.End));
        Assert.Equal(hours, (span.End - span.Start).TotalHours, 6);
    }

    [Theory]
    [InlineData("1m", "60s", true)]
    [InlineData("24h", "1d", true)]
    [InlineData("1d", "day", false)]
    [InlineData("hour", "1h", false)]
    public void Equals_SameStretchesInAnotherSpelling_AreTheSame(string one, string other, bool same)
    {
        Assert.Equal(same, QuotaWindow.Parse(one).Equals(QuotaWindow.Parse(other)));
        Assert.Equal(one, QuotaWindow.Parse(one).Text);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("m", null)]
    [InlineData("0s", null)]
    [InlineData("01m", null)]
    [InlineData("-1m", null)]
    [InlineData("1.5h", null)]
    [InlineData("1 m", null)]
    [InlineData("1M", null)]
    [InlineData("1w", null)]
    [InlineData("367d", null)]
    [InlineData("99999999999999999999s", null)]
    [InlineData("Day", null)]
    [InlineData("1m", "UTC")]
    [InlineData("day", "Mars/Base")]
    [InlineData("day", "localtime")]
    [InlineData("day", "../etc/passwd")]
    public void TryParse_WhatIsNoWindow_SaysWhatToWrite(string text, string? zone)
    {
        Assert.False(QuotaWindow.TryParse(text, zone, out var window, out var error));
        Assert.Null(window);
        Assert.Matches("write|use", error);
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);
}
