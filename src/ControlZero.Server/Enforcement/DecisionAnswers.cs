using ControlZero.Abstractions.Agents;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Rpc;

namespace ControlZero.Server.Enforcement;

/// <summary>Makes answers of decisions.</summary>
internal sealed class DecisionAnswers(SiloFreshness freshness, [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    /// <summary>The present, to be taken before a decision is asked for.</summary>
    public Moment Now() => freshness.Now();

    /// <summary>The answer to a question.</summary>
    /// <param name="authorization">What was decided.</param>
    /// <param name="question">What was asked.</param>
    /// <param name="asked">When this server set out to have it decided.</param>
    public EnforceOutcome Answer(Authorization authorization, in EnforceQuestion question, Moment asked) =>
        authorization.Epoch < question.Request.MinEpoch
            ? new EnforceOutcome(null, RpcErrors.EpochNotReached(question.Request.MinEpoch, authorization.Epoch))
            : new EnforceOutcome(
                EnforceMapping.ToResponse(authorization, Ulid.NewUlid(clock.GetUtcNow()).ToString(), question.RequestId, question.Request.DryRun),
                null,
                freshness.LeaseOf(authorization, asked));
}
