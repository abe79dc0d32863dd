using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Catalog;

namespace ControlZero.Grains.Agents;

/// <summary>What a decision about an agent rests on, its request and the time aside. Immutable: whatever changes makes another one.</summary>
/// <param name="Snapshot">What is in force in the agent's tenant.</param>
/// <param name="Rules">Those of its rules that apply to the agent.</param>
/// <param name="Traits">What is the agent's own.</param>
internal sealed record CellBasis(TenantSnapshot Snapshot, EffectiveRules Rules, AgentTraits Traits)
{
    /// <summary>The limits of those policies, then the agent's own.</summary>
    public ImmutableArray<QuotaLimit> Limits { get; } = Traits.Limits.IsEmpty ? Rules.QuotaLimits : Rules.QuotaLimits.AddRange(Traits.Limits);

    /// <summary>What decisions about an agent rest on. Agents that have nothing of their own share it, as they share their rules.</summary>
    public static CellBasis Of(AgentId agent, TenantSnapshot snapshot, AgentTraits traits)
    {
        var rules = snapshot.Policies.For(agent.Value);
        return ReferenceEquals(traits, AgentTraits.None) ? snapshot.PlainBasis(rules) : new CellBasis(snapshot, rules, traits);
    }

    /// <summary>Decides a request.</summary>
    /// <param name="agent">Who asks.</param>
    /// <param name="request">What for.</param>
    /// <param name="now">When.</param>
    /// <param name="age">How old the silo's knowledge of what is in force was before the snapshot was taken.</param>
    /// <param name="bound">How old it may be.</param>
    public Authorization Evaluate(AgentId agent, AuthorizeRequest request, DateTimeOffset now, TimeSpan age, TimeSpan bound)
    {
        var evaluation = ToEvaluation(agent, request, now);
        return Refuse(agent, request, in evaluation, age, bound) ?? ToAuthorization(Rules.DecideAll(in evaluation, request.Candidates), age);
    }

    /// <summary>The same for those who do not ask what policies in shadow would say.</summary>
    public Authorization EvaluateInForce(AgentId agent, AuthorizeRequest request, DateTimeOffset now, TimeSpan age, TimeSpan bound)
    {
        var evaluation = ToEvaluation(agent, request, now);
        return Refuse(agent, request, in evaluation, age, bound) ?? ToAuthorization(Rules.EvaluateAll(in evaluation, request.Candidates), age);
    }

    /// <inheritdoc cref="Evaluate"/>
    public ExplainedAuthorization Explain(AgentId agent, AuthorizeRequest request, DateTimeOffset now, TimeSpan age, TimeSpan bound)
    {
        var evaluation = ToEvaluation(agent, request, now);
        if (Refuse(agent, request, in evaluation, age, bound) is { } refused)
        {
            return new ExplainedAuthorization(refused, []);
        }

        var explanation = Rules.ExplainAll(in evaluation, request.Candidates);
        return new ExplainedAuthorization(ToAuthorization(explanation.Outcome, age), explanation.Trials, explanation.Truncated);
    }

    // Before the policies, and whatever they say: so there is nothing to be said of those in shadow either.
    private Authorization? Refuse(AgentId agent, AuthorizeRequest request, in EvaluationRequest evaluation, TimeSpan age, TimeSpan bound) =>
        Admission.Check(Snapshot, agent, request.MinEpoch, age, bound) is { } refused
            ? new Authorization(refused, 0, Snapshot.Epoch)
            : Snapshot.ModelsSuspended?.Check(in evaluation, request.Candidates, out var resource) is { } denied
                ? new Authorization(denied, 0, Snapshot.Epoch, resource)
                : null;

    private Authorization ToAuthorization(in CandidateOutcome outcome, TimeSpan age) => new(
        outcome.Evaluation.Decision,
        outcome.Evaluation.EvaluatedRules,
        Snapshot.Epoch,
        outcome.DeniedResource,
        Snapshot.Manifest.Settings.AllowStale ? null : age);

    private EvaluationRequest ToEvaluation(AgentId agent, AuthorizeRequest request, DateTimeOffset now) => new()
    {
        AgentId = agent.Value,
        Action = request.Action,
        Resource = request.Resource,
        Context = request.Context,
        Estimate = request.Estimate,
        Labels = Traits.Labels,
        Now = now,
    };
}
