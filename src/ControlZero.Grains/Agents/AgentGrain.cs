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

    public async ValueTask<ExplainedAuthorization> ExplainAsync(AuthorizeRequest request)
    {
        var snapshot = await LoadAsync();
        if (!IsRegistered && snapshot.Manifest.Settings.UnknownAgents != UnknownAgents.Allow)
        {
            return new ExplainedAuthorization(UnknownAgent(snapshot), []);
        }

        Adopt(snapshot);
        var explanation = _rules.Explain(ToEvaluation(request, _clock.GetUtcNow()));
        return new ExplainedAuthorization(Authorize(explanation.Evaluation, snapshot), explanation.Trials);
    }

    // The first request of an activation, of an agent, or after a silo lost its policies.
    private async ValueTask<Authorization> AuthorizeColdAsync(AuthorizeRequest request)
    {
        var snapshot = await LoadAsync();
        if (!IsRegistered && !await RegisterOnFirstUseAsync(snapshot))
        {
            return UnknownAgent(snapshot);
        }

        // Awaited since it was read: what is in force may have changed.
        return Decide(_slot.Current ?? await LoadAsync(), request);
    }

    private async ValueTask<TenantSnapshot> LoadAsync() =>
        await _catalog.LoadAsync(_tenant, CancellationToken.None)
            ?? throw new InvalidOperationException($"agent `{_agent}` belongs to tenant `{_tenant}`, which does not exist");

    // INVARIANT: no await from here on: the decision and its count are one step, made under one epoch.
    private Authorization Decide(TenantSnapshot snapshot, AuthorizeRequest request)
    {
        Adopt(snapshot);
        var now = _clock.GetUtcNow();
        var evaluation = _rules.Evaluate(ToEvaluation(request, now));
        Count(evaluation.Decision.Allowed, now);
        return Authorize(evaluation, snapshot);
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

    private static Authorization Authorize(Evaluation evaluation, TenantSnapshot snapshot) =>
        new(evaluation.Decision, evaluation.EvaluatedRules, snapshot.Epoch);

    private static Authorization UnknownAgent(TenantSnapshot snapshot) =>
        new(snapshot.Manifest.Settings.UnknownAgents == UnknownAgents.Allow ? NoRoomDecision : UnknownDecision, 0, snapshot.Epoch);
}
