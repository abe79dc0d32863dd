using ControlZero.Grains.Feed;
using ControlZero.Protocol.V1;
using Google.Rpc;
using ChargedUnits = ControlZero.Abstractions.Quotas.ChargedUnits;

namespace ControlZero.Server.Enforcement;

/// <summary>What one request came to: exactly one of response, error and ended is there.</summary>
/// <param name="Response">The decision, or null: there is none.</param>
/// <param name="Error">Why there is none: what Enforce would have failed with. Null: there is a decision.</param>
/// <param name="Lease">How long the decision may leave as it is. Default: for ever.</param>
/// <param name="Question">What was asked. Default: there is no decision.</param>
/// <param name="Charged">What the decision charged, a limit each. Null: nothing.</param>
/// <param name="Ended">A stream's whole answer about a reservation that was settled or given back, and recorded as such. Null: it was not about that.</param>
internal readonly record struct EnforceOutcome(
    EnforceResponse? Response,
    Status? Error,
    AllowLease Lease = default,
    EnforceQuestion Question = default,
    IReadOnlyList<ChargedUnits>? Charged = null,
    EnforceStreamResponse? Ended = null)
{
    /// <summary>
    /// The outcome as it may leave at this moment: an allow that was held up on its way, because the process was paused or nobody took
    /// it, is a deny by now. Called last before an answer is handed to the network, by <see cref="Audit.DecisionTrail"/>.
    /// </summary>
    public EnforceOutcome Leave() => Lease.IsOver ? Withheld() : this;

    /// <summary>The same for one of several that are looked at together, see <see cref="AllowLease.IsOverAt"/>.</summary>
    public EnforceOutcome LeaveAt(ref Moment now) => Lease.IsOverAt(ref now) ? Withheld() : this;

    // What was charged stays charged.
    private EnforceOutcome Withheld() => new(EnforceMapping.Withhold(Response!), null, Question: Question, Charged: Charged);
}
