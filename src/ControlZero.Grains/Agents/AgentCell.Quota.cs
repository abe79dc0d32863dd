using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Quotas;

namespace ControlZero.Grains.Agents;

/// <content>
/// Limits. An allow is charged in the same step in which it is committed, so that a decision is granted, counted and charged, or nothing of it. An
/// agent that no limit counts goes none of these ways.
/// </content>
public sealed partial class AgentCell
{
    // A block outlives the last look at what is in force by no more than this, where a tenant lets decisions outlive it at all.
    private static readonly TimeSpan BlocksOutlive = TimeSpan.FromSeconds(5);

    private AgentQuota? _quota;

    /// <summary>What came of a commit.</summary>
    private enum CommitStep
    {
        /// <summary>It is decided.</summary>
        Done,

        /// <summary>What it rested on has changed: it is to be decided anew.</summary>
        Again,

        /// <summary>Units must be reserved first. Nothing was charged or counted.</summary>
        Units,
    }

    /// <summary>Reserves what the requests wait for, as far as it is left.</summary>
    /// <exception cref="QuotaUnavailableException">Storage does not answer.</exception>
    internal async Task ReserveAsync(ImmutableArray<AuthorizeRequest> requests)
    {
        if (Adopt(out var age) is not { } basis)
        {
            return;
        }

        var now = _silo.Clock.GetUtcNow();
        var asks = requests
            .Select(request => AskOf(basis, request, basis.EvaluateInForce(Agent, request, now, age, _silo.Freshness.Bound)))
            .OfType<QuotaAsk>()
            .ToList();
        await Quota().ReserveAsync(asks, _silo.Clock, () => ConfirmedSince(_silo.Clock.GetUtcNow(), age));
    }

    /// <summary>Ends a reservation with what its call used. Durable when it returns.</summary>
    /// <exception cref="QuotaUnavailableException">Storage does not answer: it is to be told again.</exception>
    internal async Task<SettleOutcome> SettleAsync(ReservationToken token, SettleCommand command, ImmutableArray<QuotaLimit> limits)
    {
        var quota = await LoadedAsync(limits);
        SettleOutcome outcome;
        lock (_gate)
        {
            outcome = quota.Settle(token, command, limits, _silo.Clock.GetUtcNow());
        }

        // INVARIANT: also of a settle that was told before. What it owed may not be written yet.
        await quota.PayAsync(_silo.Clock);
        return outcome;
    }

    /// <summary>Gives back what was reserved for a call.</summary>
    internal async Task<SettleOutcome> CancelAsync(ReservationToken token, ImmutableArray<QuotaLimit> limits)
    {
        var quota = await LoadedAsync(limits);
        lock (_gate)
        {
            return quota.Cancel(token, limits, _silo.Clock.GetUtcNow());
        }
    }

    /// <summary>Limits and what is left of them.</summary>
    internal async Task<ImmutableArray<LimitStanding>> StandingsAsync(ImmutableArray<QuotaLimit> limits)
    {
        if (limits.IsEmpty)
        {
            return [];
        }

        var quota = await LoadedAsync(limits);
        await quota.RefreshAsync(limits.Any(limit => limit.Scope == QuotaScope.Tenant));
        lock (_gate)
        {
            return quota.Standings(limits, _silo.Clock.GetUtcNow());
        }
    }

    /// <summary>Adds units to a limit. Durable when it returns. True: the same adjustment was in force already.</summary>
    internal async Task<bool> AdjustAsync(QuotaLimit limit, QuotaAdjustment adjustment)
    {
        var quota = await LoadedAsync([limit]);
        bool isReplay;
        lock (_gate)
        {
            isReplay = quota.Adjust(limit, adjustment, _silo.Clock.GetUtcNow());
        }

        await quota.PayAsync(_silo.Clock);
        return isReplay;
    }

    /// <summary>Why limits would deny a request now. Null: they would not. Their accounts are read.</summary>
    internal Decision? DenialOf(CellBasis basis, AuthorizeRequest request)
    {
        if (QuotaAsk.Of(basis.Limits, request, Quota().Prices) is not { } ask)
        {
            return null;
        }

        lock (_gate)
        {
            return Quota().DenialOf(ask, _silo.Clock.GetUtcNow());
        }
    }

    /// <summary>Adds what limits would make of an explained request. Nothing is charged.</summary>
    /// <exception cref="QuotaUnavailableException">Storage does not answer.</exception>
    internal async Task<ExplainedAuthorization> ExplainLimitsAsync(CellBasis basis, AuthorizeRequest request, ExplainedAuthorization explained)
    {
        if (AskOf(basis, request, explained.Authorization) is not { } ask)
        {
            return explained;
        }

        var isShared = ask.Shared.Length > 0;
        var quota = Quota();
        await quota.LoadAsync(isShared);
        await quota.RefreshAsync(isShared);
        lock (_gate)
        {
            return quota.Explain(ask, explained, _silo.Clock.GetUtcNow());
        }
    }

    /// <summary>Gives back what is at hand. The cell is retracted.</summary>
    internal Task CloseQuotaAsync() => _quota is null ? Task.CompletedTask : _quota.CloseAsync(_silo.Clock);

    private QuotaAsk? AskOf(CellBasis basis, AuthorizeRequest request, Authorization authorization) =>
        basis.Limits.IsEmpty || !authorization.Decision.Allowed || authorization.Epoch < request.MinEpoch
            ? null
            : QuotaAsk.Of(basis.Limits, request, Quota().Prices);

    private CommitStep CommitCharged(
        CellBasis basis, AuthorizeRequest request, QuotaAsk ask, ref Authorization authorization, DateTimeOffset now, TimeSpan age)
    {
        var quota = Quota();
        bool isFirst;
        lock (_gate)
        {
            if (!IsCurrent(basis))
            {
                return CommitStep.Again;
            }

            if (!quota.TryDecide(ask, request, ref authorization, now, ConfirmedSince(now, age), isLastWord: false))
            {
                return CommitStep.Units;
            }

            isFirst = Count(UsageCounts.Of(authorization, request, now));
        }

        Conclude(quota, isFirst);
        return CommitStep.Done;
    }

    private CommitStep CommitCharged(
        CellBasis basis,
        ImmutableArray<AuthorizeRequest> requests,
        QuotaAsk?[] asks,
        ImmutableArray<Authorization>.Builder decided,
        DateTimeOffset now,
        TimeSpan age,
        bool isLastWord)
    {
        var quota = Quota();
        var opened = new List<AgentQuota.Opened>();
        bool isFirst;
        lock (_gate)
        {
            if (!IsCurrent(basis))
            {
                return CommitStep.Again;
            }

            var counts = default(UsageCounts);
            for (var index = 0; index < asks.Length; index++)
            {
                var authorization = decided[index];
                if (asks[index] is { } ask)
                {
                    if (!quota.TryDecide(ask, requests[index], ref authorization, now, ConfirmedSince(now, age), isLastWord, opened))
                    {
                        opened.ForEach(quota.Undo);
                        return CommitStep.Units;
                    }

                    decided[index] = authorization;
                }

                counts = counts.And(UsageCounts.Of(authorization, requests[index], now));
            }

            isFirst = Count(counts);
        }

        Conclude(quota, isFirst);
        return CommitStep.Done;
    }

    private void Conclude(AgentQuota quota, bool isFirst)
    {
        if (isFirst)
        {
            _silo.SaveLater(this);
        }

        quota.TopUp();
    }

    private DateTimeOffset ConfirmedSince(DateTimeOffset now, TimeSpan age) => age > _silo.Freshness.Bound ? now - BlocksOutlive : default;

    private AgentQuota Quota()
    {
        if (Volatile.Read(ref _quota) is { } quota)
        {
            return quota;
        }

        lock (_gate)
        {
            return _quota ??= _silo.Quotas.Open(Tenant, Agent, _gate);
        }
    }

    private async Task<AgentQuota> LoadedAsync(ImmutableArray<QuotaLimit> limits)
    {
        var quota = Quota();
        await quota.LoadAsync(limits.Any(limit => limit.Scope == QuotaScope.Tenant));
        return quota;
    }
}
