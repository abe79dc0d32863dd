using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
namespace ControlZero.Grains.Agents;

/// <inheritdoc cref="IAgentGrain"/>
/// <remarks>
/// An agent is placed on the silo that first asks for it: a local call costs about a microsecond, one to another silo tens of them, and
/// clients that keep to one silo then stay local.
/// </remarks>
[GrainType("agent"), PreferLocalPlacement]
internal sealed partial class AgentGrain : Grain, IAgentGrain
{
    private readonly IPersistentState<AgentState> _state;
    private readonly PolicyCatalog _catalog;
    private readonly TimeProvider _clock;
    private readonly ILogger<AgentGrain> _logger;
    private TenantId _tenant;
    private AgentId _agent;
    private TenantSlot _slot = null!;
    private TenantSnapshot? _snapshot;
    private EffectiveRules _rules = null!;

    public AgentGrain(
        [PersistentState("agent", StorageNames.State)] IPersistentState<AgentState> state,
        PolicyCatalog catalog,
        [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
        ILogger<AgentGrain> logger)
    {
        _state = state;
        _catalog = catalog;
        _clock = clock;
        _logger = logger;
    }

    private bool IsRegistered => _state.State.Version > 0;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_tenant, _agent) = GrainKeys.ParseAgent(this.GetPrimaryKeyString());
        _slot = _catalog.Slot(_tenant);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => await SaveUsageAsync();

    public ValueTask<Authorization> AuthorizeAsync(AuthorizeRequest request) =>
        _slot.Current is { } snapshot && IsRegistered
            ? ValueTask.FromResult(Decide(snapshot, request))
            : AuthorizeColdAsync(request);

    public ValueTask<ImmutableArray<Authorization>> AuthorizeManyAsync(ImmutableArray<AuthorizeRequest> requests) =>
        _slot.Current is { } snapshot && IsRegistered
            ? ValueTask.FromResult(DecideAll(snapshot, requests))
            : AuthorizeColdAsync(requests);

    public async ValueTask<ExplainedAuthorization> ExplainAsync(AuthorizeRequest request)
    {
        var snapshot = await LoadAsync();
        if (!IsRegistered && snapshot.Manifest.Settings.UnknownAgents != UnknownAgents.Allow)
        {
            return new ExplainedAuthorization(UnknownAgent(snapshot), []);
        }

        Adopt(snapshot);
        var explanation = _rules.ExplainAll(ToEvaluation(request, _clock.GetUtcNow()), request.Candidates);
        return new ExplainedAuthorization(Authorize(explanation.Outcome, snapshot), explanation.Trials, explanation.Truncated);
    }

    private async ValueTask<Authorization> AuthorizeColdAsync(AuthorizeRequest request) => (await AuthorizeColdAsync([request]))[0];

    // The first requests of an activation, of an agent, or after a silo lost its policies.
    private async ValueTask<ImmutableArray<Authorization>> AuthorizeColdAsync(ImmutableArray<AuthorizeRequest> requests)
    {
        var snapshot = await LoadAsync();
        if (!IsRegistered && requests.Any(request => !request.DryRun))
        {
            await RegisterOnFirstUseAsync(snapshot);
        }

        // Awaited since it was read: what is in force may have changed.
        return DecideAll(_slot.Current ?? await LoadAsync(), requests);
    }

    private async ValueTask<TenantSnapshot> LoadAsync() =>
        await _catalog.LoadAsync(_tenant, CancellationToken.None)
            ?? throw new InvalidOperationException($"agent `{_agent}` belongs to tenant `{_tenant}`, which does not exist");

    // INVARIANT: no await from here on: the decision and its count are one step, made under one epoch.
    private ImmutableArray<Authorization> DecideAll(TenantSnapshot snapshot, ImmutableArray<AuthorizeRequest> requests)
    {
        var decided = ImmutableArray.CreateBuilder<Authorization>(requests.Length);
        foreach (var request in requests)
        {
            decided.Add(Decide(snapshot, request));
        }

        return decided.MoveToImmutable();
    }

    private Authorization Decide(TenantSnapshot snapshot, AuthorizeRequest request)
    {
        if (!IsRegistered && !(request.DryRun && snapshot.Manifest.Settings.UnknownAgents == UnknownAgents.Allow))
        {
            return UnknownAgent(snapshot);
        }

        Adopt(snapshot);
        var now = _clock.GetUtcNow();
        var outcome = _rules.EvaluateAll(ToEvaluation(request, now), request.Candidates);
        if (!request.DryRun)
        {
            Count(outcome.Evaluation.Decision.Allowed, now);
        }

        return Authorize(outcome, snapshot);
    }

    private void Adopt(TenantSnapshot snapshot)
    {
        if (!ReferenceEquals(_snapshot, snapshot))
        {
            _rules = snapshot.Policies.For(_agent.Value);
            _snapshot = snapshot;
        }
    }

    private EvaluationRequest ToEvaluation(AuthorizeRequest request, DateTimeOffset now) => new()
    {
        AgentId = _agent.Value,
        Action = request.Action,
        Resource = request.Resource,
        Context = request.Context,
        Labels = _state.State.Labels,
        Now = now,
    };

    private static Authorization Authorize(CandidateOutcome outcome, TenantSnapshot snapshot) =>
        new(outcome.Evaluation.Decision, outcome.Evaluation.EvaluatedRules, snapshot.Epoch, outcome.DeniedResource);

    private static Authorization UnknownAgent(TenantSnapshot snapshot) =>
        new(snapshot.Manifest.Settings.UnknownAgents == UnknownAgents.Allow ? NoRoomDecision : UnknownDecision, 0, snapshot.Epoch);
}
