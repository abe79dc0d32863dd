using System.Collections.Immutable;
using ControlZero.Engine.Quotas;

namespace ControlZero.Abstractions.Quotas;

/// <summary>What limits had to do with a decision.</summary>
[GenerateSerializer, Immutable, Alias("cz.QuotaOutcome")]
public sealed record QuotaOutcome
{
    /// <summary>The limits that apply, and what is left of them after the decision.</summary>
    [Id(0)]
    public ImmutableArray<LimitStanding> Limits { get; init; } = [];

    /// <summary>Names what is held for the call. Null: nothing is.</summary>
    [Id(1)]
    public string? Token { get; init; }

    /// <summary>When that ends at its charge.</summary>
    [Id(2)]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>True: it was charged by an earlier call of the same request id, and not again.</summary>
    [Id(3)]
    public bool Replayed { get; init; }

    /// <summary>True: the request id was used for another question. Nothing was decided.</summary>
    [Id(4)]
    public bool IsOtherQuestion { get; init; }

    /// <summary>When it makes sense to ask again. Null: that does not help.</summary>
    [Id(5)]
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What this decision charged. Empty: nothing.</summary>
    [Id(6)]
    public ImmutableArray<ChargedUnits> Charged { get; init; } = [];
}

/// <summary>A limit and what is left of it.</summary>
/// <param name="Policy">The policy that states it.</param>
/// <param name="Name">Its name.</param>
/// <param name="Metric">What it counts.</param>
/// <param name="Scope">Who shares it.</param>
/// <param name="Window">The window as written. Empty: it has none.</param>
/// <param name="Limit">Its figure, adjustments included. Unit: that of the metric, as the two that follow.</param>
/// <param name="Used">Granted or used in the current window.</param>
/// <param name="Remaining">Still to be granted. Never negative.</param>
/// <param name="ResetsAt">When the window ends. Null: it has none.</param>
[GenerateSerializer, Immutable, Alias("cz.LimitStanding")]
public sealed record LimitStanding(
    [property: Id(0)] string Policy,
    [property: Id(1)] string Name,
    [property: Id(2)] QuotaMetric Metric,
    [property: Id(3)] QuotaScope Scope,
    [property: Id(4)] string Window,
    [property: Id(5)] long Limit,
    [property: Id(6)] long Used,
    [property: Id(7)] long Remaining,
    [property: Id(8)] DateTimeOffset? ResetsAt)
{
    /// <summary>The same as answers tell it.</summary>
    public static LimitStanding Of(in QuotaStanding standing) => new(
        standing.Limit.Key.Policy,
        standing.Limit.Key.Name,
        standing.Limit.Metric,
        standing.Limit.Scope,
        standing.Limit.Window?.Text ?? "",
        standing.Most,
        standing.Used,
        standing.Remaining,
        standing.ResetsAt);
}

/// <summary>What a decision charged to a limit.</summary>
/// <param name="Policy">The policy that states it.</param>
/// <param name="Name">Its name.</param>
/// <param name="Metric">What it counts.</param>
/// <param name="Units">How much, in the metric's unit.</param>
[GenerateSerializer, Immutable, Alias("cz.ChargedUnits")]
public sealed record ChargedUnits(
    [property: Id(0)] string Policy,
    [property: Id(1)] string Name,
    [property: Id(2)] QuotaMetric Metric,
    [property: Id(3)] long Units);
