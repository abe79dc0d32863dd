using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Server.Rpc;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// Decides questions that came together and that this silo cannot decide by itself: one call to an agent's grain, however many of them are
/// about it.
/// </summary>
internal sealed class GroupedDecisions(
    GrainDecisions agents,
    DecisionAnswers answers,
    FailureTranslator failures)
{
    /// <summary>Decides the questions of one agent. Never fails: what goes wrong is the answer of each of them.</summary>
    /// <param name="group">The questions, all of one agent, in their order. At least one.</param>
    /// <param name="method">The method that was called.</param>
    /// <param name="answer">Takes each question's place and outcome.</param>
    /// <param name="call">Ends with the call that asks.</param>
    public async Task DecideAsync(IReadOnlyList<PlacedQuestion> group, string method, Action<ulong, EnforceOutcome> answer, CancellationToken call)
    {
        var asked = answers.Now();
        ImmutableArray<Authorization> decided;
        try
        {
            var first = group[0].Question;
            decided = await agents.AuthorizeManyAsync(
                first.Tenant, first.Agent, [.. group.Select(placed => placed.Question.Request)], call);
        }
        catch (Exception failure)
        {
            var status = failures.Translate(failure, method);
            foreach (var placed in group)
            {
                answer(placed.Place, new EnforceOutcome(null, status));
            }

            return;
        }

        for (var index = 0; index < group.Count; index++)
        {
            // The first one says where the agent lives, for all of them.
            var (place, question) = group[index];
            answer(place, answers.Answer(decided[index] with { Silo = decided[0].Silo }, question, asked));
        }
    }
}
