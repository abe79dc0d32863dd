using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>What an agent's program asks for.</summary>
/// <param name="Number">Tells it from the others.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Tokens">Tokens it may use.</param>
/// <param name="IsInFlight">True: it is counted among the calls in flight.</param>
internal sealed record Request(int Number, int Agent, long Tokens, bool IsInFlight)
{
    public QuotaDemand[] DemandsOf(IReadOnlyList<QuotaLimit> limits, QuotaScope scope) =>
        [.. limits.Where(limit => limit.Scope == scope && (IsInFlight || limit.Metric != QuotaMetric.InFlight)).Select(limit => new QuotaDemand(limit, limit.Metric == QuotaMetric.TotalTokens ? Tokens : 1))];

    /// <summary>As its caller identifies it.</summary>
    public RequestTag Tag => new($"r{Number}", (UInt128)Tokens);

    public override string ToString() => $"request {Number} of agent {Agent} for {Tokens} tokens";
}

/// <summary>What it is told. Null: denied, or nobody could decide.</summary>
/// <param name="Reservation">What is held for it.</param>
/// <param name="IsReplayed">True: it was charged by an earlier call of the same request.</param>
internal readonly record struct Answer(Reservation? Reservation, bool IsReplayed = false)
{
    public static readonly Answer Denied = new(null);
}

/// <summary>What was charged for a call, until it ends.</summary>
internal sealed class Reservation(Guid id, ulong number, Holder holder, Request request, IReadOnlyList<QuotaCharge> charges)
{
    public Guid Id => id;

    /// <summary>Its number within its activation.</summary>
    public ulong Number => number;

    public Holder Holder => holder;

    public Request Request => request;

    public IReadOnlyList<QuotaCharge> Charges => charges;

    public bool IsOpen { get; set; } = true;
}

/// <summary>What a call has used.</summary>
/// <param name="Tokens">Tokens of it.</param>
/// <param name="Calls">1, or 0: it was not made.</param>
internal readonly record struct Usage(long Tokens, long Calls)
{
    public long Of(in QuotaCharge charge) => charge.Limit.Metric == QuotaMetric.TotalTokens ? Tokens : Calls;
}
