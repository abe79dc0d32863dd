using ControlZero.Grains.Agents;
using ControlZero.Grains.Feed;
using ControlZero.Server.Rpc;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// Decides on the cells of agents that are active in this silo: at once, on the calling thread, without a message to their grains.
/// </summary>
internal sealed class LocalDecisions(AgentCells cells, DecisionAnswers answers, FailureTranslator failures)
{
    /// <summary>Decides a question. Null: the agent's grain must be asked.</summary>
    /// <param name="question">The question.</param>
    public EnforceOutcome? Decide(in EnforceQuestion question) => Decide(question, answers.Now());

    /// <summary>Decides a question of several. Null: the agent's grain must be asked. Never fails: what goes wrong is the answer.</summary>
    /// <param name="question">The question.</param>
    /// <param name="asked">The present, or a moment ago: one for several.</param>
    /// <param name="method">The method that was called.</param>
    public EnforceOutcome? Decide(in EnforceQuestion question, in Asked asked, string method)
    {
        try
        {
            return Decide(question, asked);
        }
        catch (Exception failure)
        {
            return new EnforceOutcome(null, failures.Translate(failure, method));
        }
    }

    private EnforceOutcome? Decide(in EnforceQuestion question, in Asked asked) =>
        cells.Find(question.Tenant, question.Agent)?.Decide(question.Request, asked.At) is { } decided ? answers.Answer(decided, question, asked) : null;
}
