using ControlZero.Abstractions.Agents;
using ControlZero.Grains.Feed;
using ControlZero.Server.Cluster;
using ControlZero.Server.Rpc;
using ControlZero.Server.Telemetry;

namespace ControlZero.Server.Enforcement;

/// <summary>Makes answers of decisions, and counts them.</summary>
internal sealed class DecisionAnswers(
    SiloFreshness freshness,
    FrontDoors doors,
    EnforceInstruments instruments,
    CallTraces traces)
{
    /// <summary>The present, to be taken before a decision is asked for.</summary>
    public Asked Now() => freshness.Ask();

    /// <summary>The answer to a question.</summary>
    /// <param name="authorization">What was decided.</param>
    /// <param name="question">What was asked.</param>
    /// <param name="asked">When this server set out to have it decided.</param>
    public EnforceOutcome Answer(Authorization authorization, in EnforceQuestion question, in Asked asked)
    {
        if (authorization.Epoch >= question.Request.MinEpoch && authorization.Quota is not { IsOtherQuestion: true })
        {
            instruments.OnDecided(authorization.Decision);
            instruments.OnHop(remote: doors.IsElsewhere(authorization.Silo));
            traces.OnDecided(question.Request.Action, question.Request.Resource, authorization.Decision);
        }

        return Explain(authorization, question, asked);
    }

    /// <summary>The same for a question that is not counted.</summary>
    /// <param name="authorization">What was decided.</param>
    /// <param name="question">What was asked.</param>
    /// <param name="asked">When this server set out to have it decided.</param>
    public EnforceOutcome Explain(Authorization authorization, in EnforceQuestion question, in Asked asked) =>
        authorization.Epoch < question.Request.MinEpoch
            ? new EnforceOutcome(null, RpcErrors.EpochNotReached(question.Request.MinEpoch, authorization.Epoch))
            : authorization.Quota is { IsOtherQuestion: true } ? new EnforceOutcome(null, RpcErrors.IdempotencyMismatch(
                "the request_id was used for another question; send a new one, or ask the same", question.RequestId))
            : new EnforceOutcome(
                EnforceMapping.ToResponse(authorization, DecisionIds.Next(asked.At.Wall), question.RequestId, question.Request.DryRun),
                null,
                freshness.LeaseOf(authorization, asked),
                question,
                authorization.Quota is { Charged.IsEmpty: false } quota ? quota.Charged : null);
}
