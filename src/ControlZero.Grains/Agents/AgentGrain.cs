using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
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
    private readonly SiloFreshness _freshness;
    private readonly AgentNotices _notices;
    private readonly ChangeFeed _feed;
    private readonly TimeProvider _clock;
    private readonly ILogger<AgentGrain> _logger;
    private TenantId _tenant;
    private AgentId _agent;
    private TenantSlot _slot = null!;
    private TenantSnapshot? _snapshot;
    private EffectiveRules _rules = null!;

    // INVARIANT: what was read of the agent is as new as these notices say.
    private long _noticed;

    public AgentGrain(
        [PersistentState("agent", StorageNames.State)] IPersistentState<AgentState> state,
        PolicyCatalog catalog,
        SiloFreshness freshness,
        AgentNotices notices,
        ChangeFeed feed,
        [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
        ILogger<AgentGrain> logger)
    {
        _state = state;
        _catalog = catalog;
        _freshness = freshness;
        _notices = notices;
        _noticed = notices.Generation;
        _feed = feed;
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

    public ValueTask<Authorization> AuthorizeAsync(AuthorizeRequest request)
    {
        var age = _freshness.Age;
        return _slot.Current is { } snapshot && IsWarm(age) && snapshot.Epoch >= request.MinEpoch
            ? ValueTask.FromResult(Decide(snapshot, age, request))
            : AuthorizeColdAsync(request);
    }

    public ValueTask<ImmutableArray<Authorization>> AuthorizeManyAsync(ImmutableArray<AuthorizeRequest> requests)
    {
        var age = _freshness.Age;
        return _slot.Current is { } snapshot && IsWarm(age) && snapshot.Epoch >= MinEpoch(requests)
            ? ValueTask.FromResult(DecideAll(snapshot, age, requests))
            : AuthorizeColdAsync(requests);
    }

    public async ValueTask<ExplainedAuthorization> ExplainAsync(AuthorizeRequest request)
    {
        await CatchUpAsync();
        await LoadAsync(request.MinEpoch);
        var age = _freshness.Age;
        var snapshot = _slot.Current ?? await LoadAsync(request.MinEpoch);
        if (Admission.Check(snapshot, _agent, request.MinEpoch, age, _freshness.Bound) is { } refused)
        {
            return new ExplainedAuthorization(new Authorization(refused, 0, snapshot.Epoch), []);
        }

        if (!IsRegistered && snapshot.Manifest.Settings.UnknownAgents != UnknownAgents.Allow)
        {
            return new ExplainedAuthorization(UnknownAgent(snapshot), []);
        }

        Adopt(snapshot);
        var explanation = _rules.ExplainAll(ToEvaluation(request, _clock.GetUtcNow()), request.Candidates);
        return new ExplainedAuthorization(Authorize(explanation.Outcome, snapshot, age), explanation.Trials);
    }

    private async ValueTask<Authorization> AuthorizeColdAsync(AuthorizeRequest request) => (await AuthorizeColdAsync([request]))[0];

    private bool IsWarm(TimeSpan age) => IsRegistered && age <= _freshness.Bound && _noticed == _notices.Generation;

    // The first requests of an activation, of an agent, or after a silo lost its policies or its lease.
    private async ValueTask<ImmutableArray<Authorization>> AuthorizeColdAsync(ImmutableArray<AuthorizeRequest> requests)
    {
        await CatchUpAsync();
        var minEpoch = MinEpoch(requests);
        var snapshot = await LoadAsync(minEpoch);
        if (!IsRegistered && requests.Any(request => !request.DryRun && IsAdmitted(snapshot, request)))
        {
            await RegisterOnFirstUseAsync(snapshot);
        }

        // Awaited since it was read: what is in force may have changed.
        var age = _freshness.Age;
        return DecideAll(_slot.Current ?? await LoadAsync(minEpoch), age, requests);
    }

    private bool IsAdmitted(TenantSnapshot snapshot, AuthorizeRequest request) =>
        Admission.Check(snapshot, _agent, request.MinEpoch, _freshness.Age, _freshness.Bound) is null;

    // Makes sure, where it can be made sure, that the silo is fresh and that the record of this agent is.
    private async ValueTask CatchUpAsync()
    {
        await _freshness.EnsureAsync();
        var generation = _notices.Generation;
        if (_notices.Concern(_tenant, _agent, _state.State.Version, _noticed))
        {
            await _state.ReadStateAsync();
        }

        _noticed = generation;
    }

    private static ulong MinEpoch(ImmutableArray<AuthorizeRequest> requests)
    {
        var epoch = 0UL;
        foreach (var request in requests)
        {
            epoch = Math.Max(epoch, request.MinEpoch);
        }

        return epoch;
    }

    private async ValueTask<TenantSnapshot> LoadAsync(ulong minEpoch) =>
        await _catalog.LoadAsync(_tenant, minEpoch)
            ?? throw new InvalidOperationException($"agent `{_agent}` belongs to tenant `{_tenant}`, which does not exist");

    // INVARIANT: no await from here on: the decision and its count are one step, made under one epoch.
    private ImmutableArray<Authorization> DecideAll(TenantSnapshot snapshot, TimeSpan age, ImmutableArray<AuthorizeRequest> requests)
    {
        var decided = ImmutableArray.CreateBuilder<Authorization>(requests.Length);
        foreach (var request in requests)
        {
            decided.Add(Decide(snapshot, age, request));
        }

        return decided.MoveToImmutable();
    }

    private Authorization Decide(TenantSnapshot snapshot, TimeSpan age, AuthorizeRequest request)
    {
        if (Admission.Check(snapshot, _agent, request.MinEpoch, age, _freshness.Bound) is { } refused)
        {
            return Refuse(refused, snapshot, request);
        }

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

        return Authorize(outcome, snapshot, age);
    }

    private Authorization Refuse(Decision refused, TenantSnapshot snapshot, AuthorizeRequest request)
    {
        if (IsRegistered && !request.DryRun && snapshot.Epoch >= request.MinEpoch)
        {
            Count(allowed: false, _clock.GetUtcNow());
        }

        return new Authorization(refused, 0, snapshot.Epoch);
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

    private static Authorization Authorize(CandidateOutcome outcome, TenantSnapshot snapshot, TimeSpan age) => new(
        outcome.Evaluation.Decision,
        outcome.Evaluation.EvaluatedRules,
        snapshot.Epoch,
        outcome.DeniedResource,
        snapshot.Manifest.Settings.AllowStale ? null : age);

    private static Authorization UnknownAgent(TenantSnapshot snapshot) =>
        new(snapshot.Manifest.Settings.UnknownAgents == UnknownAgents.Allow ? NoRoomDecision : UnknownDecision, 0, snapshot.Epoch);
}
