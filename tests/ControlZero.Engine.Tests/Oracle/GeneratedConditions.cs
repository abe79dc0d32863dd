using System.Collections.Immutable;
using System.Globalization;
using ControlZero.Engine.Context;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;
using CsCheck;

namespace ControlZero.Engine.Tests.Oracle;

/// <summary>Conditions with every operator, and contexts, labels and moments that they meet.</summary>
internal static class GeneratedConditions
{
    private static readonly Gen<string> Key =
        Gen.OneOf("k", "k", "k", "n", "n", "k.b", "a.b.a", "agent_id", "agent.labels.a", "agent.labels.a.b", "estimate.input_tokens", "estimate.max_output_tokens", "estimate.cost_usd");

    private static readonly Gen<ContextValue> Number = Gen.OneOf(-1.0, -0.0, 0.0, 1.0, 1.5, 2.0, 1e300).Select(ContextValue.Of);

    private static readonly Gen<ContextValue> Scalar = Gen.Frequency(
        (3, Gen.OneOf("a", "A", "b", "a/b", "é", "😀", "1", "1.5", "true", "", "-0").Select(ContextValue.Of)),
        (2, Number),
        (1, Gen.OneOf(ContextValue.True, ContextValue.False)),
        (2, Gen.OneOf(
            "10.0.0.1", "10.1.0.1", "11.0.0.1", "010.0.0.1", "10.1", "10.0.0.256", "10.0.0.1 ", "::ffff:10.0.0.1", "::ffff:a00:1", "2001:db8::1", "2001:DB8:0:0:0:0:0:1",
            "::1", "::", "fe80::1%1", "[::1]", "1::2::3", ":1", "12345::", "::10.0.0.1").Select(ContextValue.Of)));

    private static readonly Gen<ContextValue> Value = Gen.Frequency(
        (8, Scalar),
        (3, Number),
        (1, Gen.Const(ContextValue.Null)),
        (2, Scalar.Array[0, 3].Select(items => ContextValue.List([.. items]))),
        (1, Gen.OneOf(ContextValue.Null, ContextValue.Empty, ContextValue.List([])).Select(Scalar, (odd, item) => ContextValue.List([item, odd]))),
        (2, Scalar.Select(item => Object(("b", item)))),
        (1, Scalar.Select(item => Object(("b", Object(("a", item)))))));

    private static readonly Gen<ContextValue> Glob = Gen.OneOf("a", "a*", "*", "?", "[!a]", "A", "1*", "tru?", "10.*", "😀", "").Select(ContextValue.Of);

    private static readonly Gen<ContextValue> Network = Gen.OneOf(
        "10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "10.0.0.0/16", "::/0", "2001:db8::/32", "::1", "::ffff:10.0.0.0/104", "::ffff:0:0/96", "::ffff:0:0/95").Select(ContextValue.Of);

    private static readonly Gen<ContextValue> Instant =
        Gen.OneOf("2026-03-29T00:59:59Z", "2026-03-29T03:00:00+02:00", "2026-03-29T01:30:00Z", "2026-10-25T02:30:00+02:00", "2026-06-01T12:00:00Z").Select(ContextValue.Of);

    private static readonly Gen<TimeOnly> Time = Gen.OneOf("00:00", "02:00", "02:30", "03:00", "09:00", "12:00", "17:30", "23:59:59")
        .Select(time => TimeOnly.Parse(time, CultureInfo.InvariantCulture));

    private static readonly Gen<Schedule> Schedule = Gen.Select(
        Gen.Bool, Time, Time, Gen.Int[0, 6].Array[0, 4], Gen.OneOf("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"),
        (whole, from, to, days, zone) => new Schedule(
            whole || from == to ? null : from,
            whole || from == to ? null : to,
            [.. days.Distinct().Order().Select(day => (DayOfWeek)day)],
            zone));

    private static readonly Gen<Condition> OnTime = Gen.Frequency(
        (1, Gen.Bool.Select(expected => new Condition("request.time", ConditionOperator.Exists, [], expected))),
        (3, Schedule.Select(schedule => new Condition("request.time", ConditionOperator.Schedule, [], Schedule: schedule))),
        (2, Gen.OneOf(ConditionOperator.Greater, ConditionOperator.GreaterOrEqual, ConditionOperator.Less, ConditionOperator.LessOrEqual)
            .Select(Instant, (operation, instant) => new Condition("request.time", operation, [instant]))));

    private static readonly Gen<Condition> OnValue = Key.SelectMany(key => Gen.Frequency(
        (3, Glob.Array[1, 3].Select(globs => new Condition(key, ConditionOperator.Glob, [.. globs]))),
        (2, Glob.Array[1, 2].Select(globs => new Condition(key, ConditionOperator.Not, [.. globs]))),
        (2, Scalar.Select(value => new Condition(key, ConditionOperator.Equal, [value]))),
        (2, Scalar.Array[1, 3].Select(values => new Condition(key, ConditionOperator.In, [.. values]))),
        (2, Scalar.Array[1, 3].Select(values => new Condition(key, ConditionOperator.NotIn, [.. values]))),
        (1, Number.Select(bound => new Condition(key, ConditionOperator.Greater, [bound]))),
        (1, Number.Select(bound => new Condition(key, ConditionOperator.GreaterOrEqual, [bound]))),
        (1, Number.Select(bound => new Condition(key, ConditionOperator.Less, [bound]))),
        (1, Number.Select(bound => new Condition(key, ConditionOperator.LessOrEqual, [bound]))),
        (1, Number.Select(Number, (one, other) => new Condition(key, ConditionOperator.Between, one.Number <= other.Number ? [one, other] : [other, one]))),
        (2, Network.Array[1, 2].Select(networks => new Condition(key, ConditionOperator.Cidr, [.. networks]))),
        (2, Gen.Bool.Select(expected => new Condition(key, ConditionOperator.Exists, [], expected)))));

    /// <summary>One condition.</summary>
    public static Gen<Condition> Condition { get; } = Gen.Frequency((5, OnValue), (1, OnTime));

    /// <summary>A context, or none.</summary>
    public static Gen<ContextValue?> Context { get; } = Gen.Frequency(
        (1, Gen.Const((ContextValue?)null)),
        (9, Gen.OneOf("k", "k", "n", "k.b", "a", "a.b.a", "agent_id").Select(Value, (name, value) => new ContextField(name, value)).Array[0, 4]
            .Select(fields => (ContextValue?)ContextValue.Of([.. fields.DistinctBy(field => field.Name)]))));

    /// <summary>What a caller expects, often nothing.</summary>
    public static Gen<CallUsage?> Estimate { get; } = Gen.Select(
        Gen.OneOf<long?>(null, 0, 1, 2), Gen.OneOf<long?>(null, 0, 1, 2), Gen.OneOf<long?>(null, 0, 1_000_000_000, 1_500_000_000, 2_000_000_000),
        (input, output, cost) => input is null && output is null && cost is null ? null : new CallUsage(input, output, cost));

    /// <summary>The labels of an agent, or none.</summary>
    public static Gen<ImmutableSortedDictionary<string, string>?> Labels { get; } =
        Gen.OneOf<(string Key, string Value)[]?>(null, [], [("a", "a")], [("a", "1"), ("a.b", "10.0.0.1")], [("b", "a")])
            .Select(labels => labels?.ToImmutableSortedDictionary(label => label.Key, label => label.Value, StringComparer.Ordinal));

    /// <summary>The server's clock, often near a change of the clocks.</summary>
    public static Gen<DateTimeOffset> Moment { get; } = Gen.OneOf(
            "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-06-01T12:00:00Z", "2026-03-08T07:00:00Z", "2026-01-31T23:59:59Z")
        .Select(Gen.Int[-90, 90], (text, minutes) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).AddMinutes(minutes));

    private static ContextValue Object(params (string Name, ContextValue Value)[] fields) =>
        ContextValue.Of(fields.Select(field => new ContextField(field.Name, field.Value)).ToImmutableArray());
}
