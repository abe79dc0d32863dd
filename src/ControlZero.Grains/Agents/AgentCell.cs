using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;

namespace ControlZero.Grains.Agents;

/// <summary>
/// What the activation of a registered agent publishes in its silo: enough to decide, and the counters. Its grain and the front door of the
/// same silo decide on it alike, several threads at once. The grain owns it: it alone opens, saves, changes and retracts it.
/// </summary>
public sealed class AgentCell
{
    private readonly Lock _gate = new();
    private readonly AgentCells _silo;
    private readonly TenantSlot _slot;
    private ImmutableSortedDictionary<string, string> _labels;
    private volatile CellBasis? _basis;
    private bool _isRetracted;
    private UsageCounts _unsaved;

    internal AgentCell(AgentCells silo, TenantId tenant, AgentId agent, TenantSlot slot, ImmutableSortedDictionary<string, string> labels)
    {
        _silo = silo;
        Tenant = tenant;
        Agent = agent;
        _slot = slot;
        _labels = labels;
    }

    /// <summary>The tenant the agent belongs to.</summary>
    public TenantId Tenant { get; }

    /// <summary>The agent.</summary>
    public AgentId Agent { get; }

    /// <summary>What was counted since it was last taken away to be saved.</summary>
    internal UsageCounts Unsaved
    {
        get
        {
            lock (_gate)
            {
                return _unsaved;
            }
        }
    }

    /// <summary>True from the moment its grain let go of it: nothing is decided on it any more.</summary>
    internal bool IsRetracted
    {
        get
        {
            lock (_gate)
            {
                return _isRetracted;
            }
        }
    }

    /// <summary>
    /// Decides a request and counts it, without an await. Null: this cannot be decided here and nothing was counted, because the silo has to
    /// load the tenant's policies first or the agent has left; ask its grain.
    /// </summary>
    /// <param name="request">The request; a dry run is decided and not counted.</param>
    public Authorization? Decide(AuthorizeRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);

        while (Adopt() is { } basis)
        {
            var now = _silo.Clock.GetUtcNow();
            var authorization = basis.Evaluate(Agent, request, now);
            if (Commit(basis, UsageCounts.Of(authorization, request, now)))
            {
                return authorization;
            }
        }

        return null;
    }

    /// <summary>Decides several requests in their order, all under one epoch and all or none: see <see cref="Decide(AuthorizeRequest)"/>.</summary>
    /// <param name="requests">The requests.</param>
    public ImmutableArray<Authorization>? Decide(ImmutableArray<AuthorizeRequest> requests)
    {
        while (Adopt() is { } basis)
        {
            var now = _silo.Clock.GetUtcNow();
            var counts = default(UsageCounts);
            var decided = ImmutableArray.CreateBuilder<Authorization>(requests.Length);
            foreach (var request in requests)
            {
                var authorization = basis.Evaluate(Agent, request, now);
                counts = counts.And(UsageCounts.Of(authorization, request, now));
                decided.Add(authorization);
            }

            if (Commit(basis, counts))
            {
                return decided.MoveToImmutable();
            }
        }

        return null;
    }

    /// <summary>What a decision would rest on now. Null: the tenant's policies must be loaded first, or the cell is retracted.</summary>
    internal CellBasis? Adopt()
    {
        var basis = _basis;
        return basis is not null && ReferenceEquals(basis.Snapshot, _slot.Current) ? basis : AdoptAnew();
    }

    /// <summary>Replaces the labels. When it returns, nothing is answered under the former ones any more.</summary>
    internal void Relabel(ImmutableSortedDictionary<string, string> labels)
    {
        lock (_gate)
        {
            _labels = labels;
            _basis = null;
        }
    }

    /// <summary>Ends the cell. When it returns, nothing is decided or counted on it any more.</summary>
    internal void Retract()
    {
        lock (_gate)
        {
            _isRetracted = true;
            _basis = null;
        }

        _silo.Remove(this);
    }

    /// <summary>Takes away what was counted: from then on it is the taker's to keep.</summary>
    internal UsageCounts Take()
    {
        lock (_gate)
        {
            var taken = _unsaved;
            _unsaved = default;
            return taken;
        }
    }

    // INVARIANT: whatever must still hold when an answer leaves is asked here and nowhere else, and in one step with its count: after a
    // retraction, a change of labels or a publish no answer that rests on what was before gets past, and none that did is left uncounted.
    private bool Commit(CellBasis basis, UsageCounts counts)
    {
        bool isFirst;
        lock (_gate)
        {
            if (!ReferenceEquals(basis, _basis) || !ReferenceEquals(basis.Snapshot, _slot.Current))
            {
                return false;
            }

            isFirst = _unsaved.IsNone && !counts.IsNone;
            _unsaved = _unsaved.And(counts);
        }

        if (isFirst)
        {
            _silo.SaveLater(this);
        }

        return true;
    }

    private CellBasis? AdoptAnew()
    {
        lock (_gate)
        {
            if (_isRetracted || _slot.Current is not { } snapshot)
            {
                return null;
            }

            if (!ReferenceEquals(_basis?.Snapshot, snapshot))
            {
                _basis = CellBasis.Of(Agent, snapshot, _labels);
            }

            return _basis;
        }
    }
}
