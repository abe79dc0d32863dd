namespace ControlZero.Engine.Quotas;

/// <summary>What a request would take from one limit.</summary>
/// <param name="Limit">The limit, as the policies in force state it.</param>
/// <param name="Units">How much, in its unit. For calls in flight, 1.</param>
public readonly record struct QuotaDemand(QuotaLimit Limit, long Units);

/// <summary>What became of a request's demands. All were granted, or none.</summary>
/// <param name="Status">What became of them.</param>
/// <param name="Index">Which of them was in the way. -1: none.</param>
public readonly record struct ChargeResult(ChargeStatus Status, int Index)
{
    /// <summary>All were granted.</summary>
    public static readonly ChargeResult Granted = new(ChargeStatus.Granted, -1);
}

/// <summary>What can become of a request's demands.</summary>
public enum ChargeStatus
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>All of them were charged.</summary>
    Granted = 1,

    /// <summary>One asks for more than is left of its limit. Nothing was charged, and writing would not help.</summary>
    Exhausted = 2,

    /// <summary>One asks for more than is at hand: units must be reserved first. Nothing was charged.</summary>
    Refill = 3,
}

/// <summary>What was charged to one limit.</summary>
/// <param name="Limit">The limit, as it was stated.</param>
/// <param name="WindowId">The window it was charged in. Of a call in flight, when it ends if nobody ends it.</param>
/// <param name="Units">How much.</param>
public readonly record struct QuotaCharge(QuotaLimit Limit, long WindowId, long Units);

/// <summary>A limit and what is left of it.</summary>
/// <param name="Limit">The limit.</param>
/// <param name="Most">Its figure with all adjustments.</param>
/// <param name="Used">Units that were granted, used beyond a grant, or lost with a server, in the current window.</param>
/// <param name="Remaining">Units that can still be granted. Never negative.</param>
/// <param name="ResetsAt">When the window ends. Null: it has none.</param>
public readonly record struct QuotaStanding(QuotaLimit Limit, long Most, long Used, long Remaining, DateTimeOffset? ResetsAt)
{
    /// <summary>Units used above the limit: what was settled above its reservation, or granted before the limit was lowered.</summary>
    public long Overrun => Math.Max(0, Used - Most);
}
