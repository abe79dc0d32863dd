using ControlZero.Grains.Agents;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Rpc;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// Decides on the cells of agents that are active in this silo: at once, on the calling thread, without a message to their grains.
/// </summary>
internal sealed class LocalDecisions(
    AgentCells cells,
    FailureTranslator failures,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    /// <summary>Decides a question. Null: the agent's grain must be asked.</summary>
    public Protocol.V1.EnforceResponse? Decide(in EnforceQuestion question) =>
        cells.Find(question.Tenant, question.Agent)?.Decide(question.Request) is { } decided
            ? EnforceMapping.ToResponse(decided, DecisionIds.Next(clock), question.RequestId, question.Request.DryRun)
            : null;

    /// <summary>Decides a question of several. Null: the agent's grain must be asked. Never fails: what goes wrong is the answer.</summary>
    public EnforceOutcome? Decide(in EnforceQuestion question, string method)
    {
        try
        {
            return Decide(question) is { } response ? new EnforceOutcome(response, null) : null;
        }
        catch (Exception failure)
        {
            return new EnforceOutcome(null, failures.Translate(failure, method));
        }
    }
}
