using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Catalog;

namespace ControlZero.Grains.Agents;

/// <summary>What a decision about an agent rests on, its request and the time aside. Immutable: whatever changes makes another one.</summary>
/// <param name="Snapshot">What is in force in the agent's tenant.</param>
/// <param name="Rules">Those of its rules that apply to the agent.</param>
/// <param name="Labels">The agent's labels.</param>
internal sealed record CellBasis(TenantSnapshot Snapshot, EffectiveRules Rules, ImmutableSortedDictionary<string, string> Labels)
{
    public static CellBasis Of(AgentId agent, TenantSnapshot snapshot, ImmutableSortedDictionary<string, string> labels) =>
        new(snapshot, snapshot.Policies.For(agent.Value), labels);

    public Authorization Evaluate(AgentId agent, AuthorizeRequest request, DateTimeOffset now) =>
        ToAuthorization(Rules.EvaluateAll(ToEvaluation(agent, request, now), request.Candidates));

    public ExplainedAuthorization Explain(AgentId agent, AuthorizeRequest request, DateTimeOffset now)
    {
        var explanation = Rules.ExplainAll(ToEvaluation(agent, request, now), request.Candidates);
        return new ExplainedAuthorization(ToAuthorization(explanation.Outcome), explanation.Trials);
    }

    private Authorization ToAuthorization(in CandidateOutcome outcome) =>
        new(outcome.Evaluation.Decision, outcome.Evaluation.EvaluatedRules, Snapshot.Epoch, outcome.DeniedResource);

    private EvaluationRequest ToEvaluation(AgentId agent, AuthorizeRequest request, DateTimeOffset now) => new()
    {
        AgentId = agent.Value,
        Action = request.Action,
        Resource = request.Resource,
        Context = request.Context,
        Labels = Labels,
        Now = now,
    };
}
