using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Core;
using Orleans.Placement;
using Orleans.Storage;

namespace ControlZero.Grains.Agents;

/// <inheritdoc cref="IAgentGrain"/>
/// <remarks>
/// An agent is placed on the silo that first asks for it: a local call costs about a microsecond, one to another silo tens of them, and
/// clients that keep to one silo then stay local.
/// </remarks>
[GrainType(Type), PreferLocalPlacement]
internal sealed partial class AgentGrain : Grain, IAgentGrain
{
    /// <summary>Name of the grain's type, also in storage.</summary>
    public const string Type = "agent";

    // How often a decision is tried again because a publish took the policies away between their load and the decision.
    private const int ColdAttempts = 5;

    // Without the facet: a lifecycle for each agent, only to read its record once, would cost a tenth of what a resting agent holds.
    private readonly StateStorageBridge<AgentState> _state;
    private readonly PolicyCatalog _catalog;
    private readonly AgentCells _cells;
    private readonly ChangeFeed _feed;
    private readonly ILogger<AgentGrain> _logger;
    private AgentId _agent;
    private TenantSlot _slot = null!;

    // Null: the agent is not registered.
    private AgentCell? _cell;
    private bool _stateIsUncertain;

    // INVARIANT: what was read of the agent is as new as these notices say.
    private long _noticed;

    public AgentGrain(
        [FromKeyedServices(StorageNames.State)] IGrainStorage storage,
        PolicyCatalog catalog,
        AgentCells cells,
        ChangeFeed feed,
        ILogger<AgentGrain> logger)
    {
        _state = new StateStorageBridge<AgentState>(AgentState.Name, GrainContext, storage);
        _catalog = catalog;
        _cells = cells;
        _noticed = cells.Notices.Generation;
        _feed = feed;
        _logger = logger;
    }

    private bool IsRegistered => _state.State.Version > 0;

    private SiloFreshness Freshness => _cells.Freshness;

    private TimeProvider Clock => _cells.Clock;

    private TenantId TenantId => _slot.Tenant;

    private AgentTraits Traits => _cell?.Traits ?? AgentTraits.None;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (var tenant, _agent) = GrainKeys.ParseAgent(this.GetPrimaryKeyString());
        _slot = _catalog.Slot(tenant);
        await _state.ReadStateAsync();
        if (IsRegistered)
        {
            Publish();

            // INVARIANT: no cell outlives its activation. One that is given up before it is active, as when storage takes too long, is never told to end.
            cancellationToken.UnsafeRegister(static grain => ((AgentGrain)grain!).GiveUp(), this);
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // INVARIANT: first of all and without an await before it. What was counted until then is saved, and nothing is counted after.
        _cell?.Retract();
        await CloseQuotaAsync();
        await SaveUsageAsync(CancellationToken.None);
    }

    public ValueTask<Authorization> AuthorizeAsync(AuthorizeRequest request) =>
        _cell?.Decide(request) is { } decided ? ValueTask.FromResult(Sign(decided)) : AuthorizeColdAsync(request);

    public ValueTask<ImmutableArray<Authorization>> AuthorizeManyAsync(ImmutableArray<AuthorizeRequest> requests) =>
        _cell?.Decide(requests) is { } decided ? ValueTask.FromResult(Sign(decided)) : SignColdAsync(requests);

    public async ValueTask<ExplainedAuthorization> ExplainAsync(AuthorizeRequest request)
    {
        await CatchUpAsync();
        await LoadAsync(request.MinEpoch);
        var age = Freshness.Age;
        var snapshot = _slot.Current ?? await LoadAsync(request.MinEpoch);
        var isKnown = IsRegistered
            || snapshot.Manifest.Settings.UnknownAgents == UnknownAgents.Allow
            || Admission.Check(snapshot, _agent, request.MinEpoch, age, Freshness.Bound) is not null;
        if (!isKnown)
        {
            return new ExplainedAuthorization(UnknownAgent(snapshot), []);
        }

        var basis = CellBasis.Of(_agent, snapshot, Traits);
        var explained = basis.Explain(_agent, request, Clock.GetUtcNow(), age, Freshness.Bound);
        return _cell is { } cell ? await cell.ExplainLimitsAsync(basis, request, explained) : explained;
    }

    private async ValueTask<Authorization> AuthorizeColdAsync(AuthorizeRequest request) => Sign((await AuthorizeColdAsync([request]))[0]);

    private async ValueTask<ImmutableArray<Authorization>> SignColdAsync(ImmutableArray<AuthorizeRequest> requests) => Sign(await AuthorizeColdAsync(requests));

    // Says where the agent lives, so that whoever asked elsewhere can ask here the next time.
    private Authorization Sign(Authorization decided) => decided with { Silo = GrainContext.Address.SiloAddress };

    // All are of one agent; the first one says it for the others.
    private ImmutableArray<Authorization> Sign(ImmutableArray<Authorization> decided) =>
        decided.IsEmpty ? decided : decided.SetItem(0, Sign(decided[0]));

    // The first requests of an activation, of an agent, or after a silo lost its policies or its lease.
    private async ValueTask<ImmutableArray<Authorization>> AuthorizeColdAsync(ImmutableArray<AuthorizeRequest> requests)
    {
        await CatchUpAsync();
        var minEpoch = AgentCell.MinEpoch(requests);
        for (var attempt = 0; attempt < ColdAttempts; attempt++)
        {
            var snapshot = await LoadAsync(minEpoch);
            if (_cell is null && requests.Any(request => !request.DryRun && IsAdmitted(snapshot, request)))
            {
                await RegisterOnFirstUseAsync(snapshot);
            }

            if (_cell is null)
            {
                // Awaited since it was read: what is in force may have changed.
                var age = Freshness.Age;
                return AnswerUnregistered(_slot.Current ?? await LoadAsync(minEpoch), age, requests);
            }

            if (_cell.DecideAsItIs(requests, isLastWord: false, out var needsUnits) is { } decided)
            {
                return decided;
            }

            if (_cell.IsRetracted)
            {
                throw new OrleansException($"agent `{_agent}` is leaving this silo; ask again");
            }

            if (needsUnits && await DecideOnUnitsAsync(requests) is { } charged)
            {
                return charged;
            }
        }

        throw new TimeoutException($"the policies of tenant `{TenantId}` change faster than this silo can load them");
    }

    private bool IsAdmitted(TenantSnapshot snapshot, AuthorizeRequest request) =>
        Admission.Check(snapshot, _agent, request.MinEpoch, Freshness.Age, Freshness.Bound) is null;

    // Makes sure, where it can be made sure, that the silo is fresh and that the record of this agent is.
    private async ValueTask CatchUpAsync()
    {
        await Freshness.EnsureAsync();
        var generation = _cells.Notices.Generation;
        if (_cells.Notices.Concern(TenantId, _agent, _state.State.LastChange, _noticed))
        {
            await ReadBackAsync();
            if (!IsRegistered)
            {
                await WithdrawAsync();
            }

            ShowTraits();
        }

        _noticed = generation;
        _cell?.Confirm(generation);
    }

    private async ValueTask<TenantSnapshot> LoadAsync(ulong minEpoch) =>
        await _catalog.LoadAsync(TenantId, minEpoch)
            ?? throw new InvalidOperationException($"agent `{_agent}` belongs to tenant `{TenantId}`, which does not exist");

    // Nothing is counted: there is nobody to count for. A dry run is told what would be if the agent were registered by its first use.
    private ImmutableArray<Authorization> AnswerUnregistered(TenantSnapshot snapshot, TimeSpan age, ImmutableArray<AuthorizeRequest> requests)
    {
        var newcomer = CellBasis.Of(_agent, snapshot, AgentTraits.None);
        var mayRegister = snapshot.Manifest.Settings.UnknownAgents == UnknownAgents.Allow;
        return [.. requests.Select(request =>
            (request.DryRun && mayRegister) || Admission.Check(snapshot, _agent, request.MinEpoch, age, Freshness.Bound) is not null
                ? newcomer.Evaluate(_agent, request, Clock.GetUtcNow(), age, Freshness.Bound)
                : UnknownAgent(snapshot))];
    }

    private static Authorization UnknownAgent(TenantSnapshot snapshot) =>
        new(snapshot.Manifest.Settings.UnknownAgents == UnknownAgents.Allow ? NoRoomDecision : UnknownDecision, 0, snapshot.Epoch);
}
