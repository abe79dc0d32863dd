using System.Collections.Immutable;
using ControlZero.Engine.Context;
using Orleans;

namespace ControlZero.Engine.Policies;

/// <summary>One condition of a rule: a key and what its value must satisfy. Several operators on one key are several conditions.</summary>
/// <param name="Key">A path into the request's context, or one of the reserved keys.</param>
/// <param name="Operator">What is asked of the value.</param>
/// <param name="Operands">
/// What the value is held against, as written: patterns, numbers, texts, networks. Empty for <see cref="ConditionOperator.Exists"/>.
/// </param>
/// <param name="Expected">For <see cref="ConditionOperator.Exists"/>: whether the key must hold a value.</param>
/// <param name="Schedule">For <see cref="ConditionOperator.Schedule"/>: the times of day and days of the week.</param>
public sealed record Condition(
    string Key,
    ConditionOperator Operator,
    ImmutableArray<ContextValue> Operands,
    bool Expected = true,
    Schedule? Schedule = null);

/// <summary>What a condition asks of a value.</summary>
public enum ConditionOperator
{
    /// <summary>Not stated. Never in a checked document.</summary>
    Unspecified = 0,

    /// <summary><c>glob</c>, and the short forms <c>key: "glob"</c> and <c>key: [any, of]</c>: one of the patterns matches.</summary>
    Glob = 1,

    /// <summary><c>eq</c>: the same text, number or truth value.</summary>
    Equal = 2,

    /// <summary><c>not</c>: none of the patterns matches.</summary>
    Not = 3,

    /// <summary><c>in</c>: equal to one of the operands.</summary>
    In = 4,

    /// <summary><c>not_in</c>: equal to none of the operands.</summary>
    NotIn = 5,

    /// <summary><c>gt</c>: a number greater than the operand.</summary>
    Greater = 6,

    /// <summary><c>gte</c>: a number greater than or equal to the operand.</summary>
    GreaterOrEqual = 7,

    /// <summary><c>lt</c>: a number less than the operand.</summary>
    Less = 8,

    /// <summary><c>lte</c>: a number less than or equal to the operand.</summary>
    LessOrEqual = 9,

    /// <summary><c>cidr</c>: an IP address within one of the networks.</summary>
    Cidr = 10,

    /// <summary><c>between</c> on a number: not below the first operand and not above the second.</summary>
    Between = 11,

    /// <summary><c>exists</c>: the key holds a value, or holds none.</summary>
    Exists = 12,

    /// <summary><c>between</c> and <c>weekdays</c> on <c>request.time</c>: see <see cref="Policies.Schedule"/>.</summary>
    Schedule = 13,
}

/// <summary>Times of day and days of the week in a time zone.</summary>
/// <param name="From">First moment of the day that belongs to it. Null: the whole day.</param>
/// <param name="To">
/// First moment of the day that no longer belongs to it. Before <paramref name="From"/>: the span runs over midnight. Null: the whole day.
/// </param>
/// <param name="Weekdays">Days of the week, by the local date of the moment asked about. Empty: all seven.</param>
/// <param name="Zone">IANA name of the time zone. Default: <c>UTC</c>.</param>
public sealed record Schedule(TimeOnly? From, TimeOnly? To, ImmutableArray<DayOfWeek> Weekdays, string Zone);

/// <summary>Something the caller must do when it acts on an allow.</summary>
/// <param name="Name">Which obligation.</param>
/// <param name="Parameters">Its parameters, an object, or null.</param>
[GenerateSerializer, Immutable, Alias("cz.Obligation")]
public sealed record Obligation([property: Id(0)] string Name, [property: Id(1)] ContextValue? Parameters);
