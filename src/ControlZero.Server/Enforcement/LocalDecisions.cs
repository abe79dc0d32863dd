using ControlZero.Grains.Agents;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Rpc;
using ControlZero.Server.Telemetry;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// Decides on the cells of agents that are active in this silo: at once, on the calling thread, without a message to their grains.
/// </summary>
internal sealed class LocalDecisions(
    AgentCells cells,
    FailureTranslator failures,
    EnforceInstruments instruments,
    CallTraces traces,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    /// <summary>Decides a question. Null: the agent's grain must be asked.</summary>
    /// <param name="question">The question.</param>
    /// <param name="begun">When its call began: what <see cref="EnforceInstruments.Begin"/> returned. 0: it is one of several.</param>
    public Protocol.V1.EnforceResponse? Decide(in EnforceQuestion question, long begun)
    {
        if (cells.Find(question.Tenant, question.Agent)?.Decide(question.Request) is not { } decided)
        {
            return null;
        }

        instruments.OnDecided(decided.Decision, begun);
        instruments.OnHop(remote: false);
        traces.OnDecided(question.Request.Action, question.Request.Resource, decided.Decision);
        return EnforceMapping.ToResponse(decided, DecisionIds.Next(clock), question.RequestId, question.Request.DryRun);
    }

    /// <summary>Decides a question of several. Null: the agent's grain must be asked. Never fails: what goes wrong is the answer.</summary>
    public EnforceOutcome? Decide(in EnforceQuestion question, string method)
    {
        try
        {
            return Decide(question, begun: 0) is { } response ? new EnforceOutcome(response, null) : null;
        }
        catch (Exception failure)
        {
            return new EnforceOutcome(null, failures.Translate(failure, method));
        }
    }
}
