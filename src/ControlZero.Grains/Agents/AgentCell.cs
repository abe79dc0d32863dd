using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Quotas;

namespace ControlZero.Grains.Agents;

/// <summary>
/// What the activation of a registered agent publishes in its silo: enough to decide, and the counters. Its grain and the front door of the
/// same silo decide on it alike, several threads at once. The grain owns it: it alone opens, saves, changes and retracts it.
/// </summary>
public sealed partial class AgentCell
{
    private readonly Lock _gate = new();
    private readonly AgentCells _silo;
    private readonly TenantSlot _slot;
    private AgentTraits _traits;
    private volatile CellBasis? _basis;
    private bool _isRetracted;
    private UsageCounts _unsaved;
    private long _noticed;

    internal AgentCell(AgentCells silo, AgentId agent, TenantSlot slot, AgentTraits traits, long noticed)
    {
        _silo = silo;
        _noticed = noticed;
        Agent = agent;
        _slot = slot;
        _traits = traits;
    }

    /// <summary>The tenant the agent belongs to.</summary>
    public TenantId Tenant => _slot.Tenant;

    /// <summary>The agent.</summary>
    public AgentId Agent { get; }

    /// <summary>What is the agent's own.</summary>
    internal AgentTraits Traits
    {
        get
        {
            lock (_gate)
            {
                return _traits;
            }
        }
    }

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
    /// load or confirm something first or the agent has left; ask its grain.
    /// </summary>
    /// <param name="request">The request; a dry run is decided and not counted.</param>
    public Authorization? Decide(AuthorizeRequest request) => Decide(request, asked: default);

    /// <summary>The same for those who have read the clock already: reading it costs as much as finding the rule.</summary>
    /// <param name="request">The request.</param>
    /// <param name="asked">The present, or a moment ago. Default: it is read here.</param>
    public Authorization? Decide(AuthorizeRequest request, Moment asked)
    {
        ArgumentNullException.ThrowIfNull(request);

        while (Adopt(asked == default ? _silo.Freshness.Now() : asked, out var age) is { } basis && IsWarm(basis, age, request.MinEpoch))
        {
            var now = asked == default ? _silo.Clock.GetUtcNow() : asked.Wall;
            var authorization = basis.Evaluate(Agent, request, now, age, _silo.Freshness.Bound);
            var ask = AskOf(basis, request, authorization);
            if (ask is null)
            {
                if (Commit(basis, UsageCounts.Of(authorization, request, now)))
                {
                    return authorization;
                }
            }
            else if (CommitCharged(basis, request, ask, ref authorization, now, age) is var step and not CommitStep.Again)
            {
                return step == CommitStep.Done ? authorization : null;
            }
        }

        return null;
    }

    /// <summary>Decides several requests in their order, all under one epoch and all or none: see <see cref="Decide(AuthorizeRequest)"/>.</summary>
    /// <param name="requests">The requests.</param>
    public ImmutableArray<Authorization>? Decide(ImmutableArray<AuthorizeRequest> requests) => Decide(requests, mustBeWarm: true, isLastWord: false, out _);

    /// <summary>The same for its grain, which has done what it can: a silo that is still stale denies, and so does an epoch that is not reached.</summary>
    /// <param name="requests">The requests.</param>
    /// <param name="isLastWord">True: storage does not answer, so what needs units that are not at hand is denied.</param>
    /// <param name="needsUnits">True: nothing was decided, because units must be reserved first.</param>
    internal ImmutableArray<Authorization>? DecideAsItIs(ImmutableArray<AuthorizeRequest> requests, bool isLastWord, out bool needsUnits) =>
        Decide(requests, mustBeWarm: false, isLastWord, out needsUnits);

    private ImmutableArray<Authorization>? Decide(ImmutableArray<AuthorizeRequest> requests, bool mustBeWarm, bool isLastWord, out bool needsUnits)
    {
        needsUnits = false;
        while (Adopt(out var age) is { } basis && (!mustBeWarm || IsWarm(basis, age, MinEpoch(requests))))
        {
            var now = _silo.Clock.GetUtcNow();
            var counts = default(UsageCounts);
            var decided = ImmutableArray.CreateBuilder<Authorization>(requests.Length);
            QuotaAsk?[]? asks = null;
            for (var index = 0; index < requests.Length; index++)
            {
                var authorization = basis.Evaluate(Agent, requests[index], now, age, _silo.Freshness.Bound);
                if (AskOf(basis, requests[index], authorization) is { } ask)
                {
                    (asks ??= new QuotaAsk?[requests.Length])[index] = ask;
                }

                counts = counts.And(UsageCounts.Of(authorization, requests[index], now));
                decided.Add(authorization);
            }

            if (asks is not null)
            {
                switch (CommitCharged(basis, requests, asks, decided, now, age, isLastWord))
                {
                    case CommitStep.Done:
                        return decided.MoveToImmutable();
                    case CommitStep.Units:
                        needsUnits = true;
                        return null;
                }
            }
            else if (Commit(basis, counts))
            {
                return decided.MoveToImmutable();
            }
        }

        return null;
    }

    /// <summary>The newest of several requests' oldest epochs.</summary>
    internal static ulong MinEpoch(ImmutableArray<AuthorizeRequest> requests)
    {
        var epoch = 0UL;
        foreach (var request in requests)
        {
            epoch = Math.Max(epoch, request.MinEpoch);
        }

        return epoch;
    }

    /// <summary>What a decision would rest on now. Null: the tenant's policies must be loaded first, or the cell is retracted.</summary>
    /// <param name="age">How old the silo's knowledge is at most.</param>
    internal CellBasis? Adopt(out TimeSpan age) => Adopt(_silo.Freshness.Now(), out age);

    private CellBasis? Adopt(Moment now, out TimeSpan age)
    {
        // INVARIANT: read before the snapshot, which is then no older than this says.
        age = _silo.Freshness.AgeAt(now);
        var basis = _basis;
        return basis is not null && ReferenceEquals(basis.Snapshot, _slot.Current) ? basis : AdoptAnew();
    }

    /// <summary>Says that the agent's record is as new as these notices say.</summary>
    /// <param name="generation">See <see cref="Feed.AgentNotices.Generation"/>.</param>
    internal void Confirm(long generation) => Volatile.Write(ref _noticed, generation);

    /// <summary>
    /// Replaces what is the agent's own. When it returns, nothing is decided under what it was any more; what was decided before may still be on
    /// its way out.
    /// </summary>
    internal void Change(AgentTraits traits)
    {
        lock (_gate)
        {
            _traits = traits;
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
            _quota?.Forget();
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

    /// <summary>Gives back what was taken away and could not be kept.</summary>
    internal void PutBack(UsageCounts counts)
    {
        lock (_gate)
        {
            _unsaved = _unsaved.And(counts);
        }
    }

    // INVARIANT: whatever must still hold when an answer leaves is asked here and nowhere else, and in one step with its count: after a
    // retraction, a change of labels or a publish no answer that rests on what was before gets past, and none that did is left uncounted.
    private bool Commit(CellBasis basis, UsageCounts counts)
    {
        bool isFirst;
        lock (_gate)
        {
            if (!IsCurrent(basis))
            {
                return false;
            }

            isFirst = Count(counts);
        }

        if (isFirst)
        {
            _silo.SaveLater(this);
        }

        return true;
    }

    private bool IsCurrent(CellBasis basis) => ReferenceEquals(basis, _basis) && ReferenceEquals(basis.Snapshot, _slot.Current);

    // True: they are the first since the last save.
    private bool Count(UsageCounts counts)
    {
        var isFirst = _unsaved.IsNone && !counts.IsNone;
        _unsaved = _unsaved.And(counts);
        return isFirst;
    }

    private bool IsWarm(CellBasis basis, TimeSpan age, ulong minEpoch) =>
        age <= _silo.Freshness.Bound && Volatile.Read(ref _noticed) == _silo.Notices.Generation && basis.Snapshot.Epoch >= minEpoch;

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
                _basis = CellBasis.Of(Agent, snapshot, _traits);
            }

            return _basis;
        }
    }
}
