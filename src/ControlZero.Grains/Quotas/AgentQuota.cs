using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Quotas;

namespace ControlZero.Grains.Quotas;

/// <summary>
/// What an active agent has at hand of its limits, and what is reserved for its calls. Its cell charges it within its decisions, under the cell's
/// lock; nothing here waits, but for the ledger.
/// </summary>
/// <param name="agent">A number for the agent, for tokens.</param>
/// <param name="account">His account.</param>
/// <param name="ledger">Its record.</param>
/// <param name="share">What his silo has at hand of the tenant's shared limits.</param>
/// <param name="prices">What models cost.</param>
/// <param name="budget">Room for reservations.</param>
internal sealed partial class AgentQuota(
    ulong agent,
    QuotaAccount account,
    QuotaLedger ledger,
    TenantShare share,
    IModelPrices prices,
    ReservationBudget budget)
{
    /// <summary>When a caller who was told that storage does not answer may ask again.</summary>
    private static readonly TimeSpan RetryWhenUnavailable = TimeSpan.FromSeconds(1);

    /// <summary>When one may ask again who was told that there is no room for another call in flight.</summary>
    private static readonly TimeSpan RetryWithoutRoom = TimeSpan.FromSeconds(1);

    private readonly ReservationBook _book = new(budget);

    /// <summary>What models cost.</summary>
    public IModelPrices Prices => prices;

    /// <summary>Reads the agent's record, and the tenant's.</summary>
    /// <param name="withShared">False: no limit is shared.</param>
    /// <exception cref="QuotaUnavailableException">Storage does not answer.</exception>
    public async Task LoadAsync(bool withShared)
    {
        await ledger.LoadAsync();
        if (withShared)
        {
            await share.Ledger.LoadAsync();
        }
    }

    /// <summary>Looks at what other silos have written of the tenant's record since.</summary>
    /// <param name="withShared">False: no limit is shared, and nobody else writes.</param>
    public Task RefreshAsync(bool withShared) => withShared ? share.Ledger.RefreshAsync() : Task.CompletedTask;

    /// <summary>
    /// Charges an allowed request, or denies it. False: units must be reserved first, nothing was charged, and the authorization is as it was.
    /// Under the cell's lock.
    /// </summary>
    /// <param name="ask">What the request takes.</param>
    /// <param name="request">The request.</param>
    /// <param name="authorization">The allow. Replaced by what came of it.</param>
    /// <param name="now">The present.</param>
    /// <param name="confirmedSince">Blocks that were confirmed before are not used.</param>
    /// <param name="isLastWord">True: storage does not answer, so what would need it is denied.</param>
    /// <param name="opened">Takes what was charged, to be undone with others. Null: nobody undoes it.</param>
    public bool TryDecide(
        QuotaAsk ask,
        AuthorizeRequest request,
        ref Authorization authorization,
        DateTimeOffset now,
        DateTimeOffset confirmedSince,
        bool isLastWord,
        ICollection<Opened>? opened = null)
    {
        _book.Expire(now);
        if (ask.Tag is { } tag && !request.DryRun && _book.TryFind(tag.Id, now, out var earlier))
        {
            authorization = authorization with
            {
                Quota = earlier.Request!.Content == tag.Content
                    ? Describe(ask, now) with { Replayed = true, Token = TokenOf(earlier.Number, earlier.ExpiresAt, earlier.Charges.AsSpan(), request), ExpiresAt = earlier.ExpiresAt }
                    : new QuotaOutcome { IsOtherQuestion = true },
            };
            return true;
        }

        if (ask.Refused is { } refused)
        {
            authorization = Deny(authorization, refused, Describe(ask, now));
            return true;
        }

        if (ask.Shared.Length == 0)
        {
            return TryCharge(ask, request, ref authorization, now, confirmedSince, isLastWord, opened);
        }

        lock (share.Gate)
        {
            return TryCharge(ask, request, ref authorization, now, confirmedSince, isLastWord, opened);
        }
    }

    /// <summary>Why a request would be denied now, as far as is known here. Null: it would not. Under the cell's lock.</summary>
    public Decision? DenialOf(QuotaAsk ask, DateTimeOffset now)
    {
        lock (share.Gate)
        {
            return ask.Refused ?? (ExhaustedBy(ask, now) is { } limit ? QuotaDenials.Exhausted(limit) : null);
        }
    }

    /// <summary>What limits would make of an allowed request now, each for itself. Nothing is charged. Under the cell's lock.</summary>
    public ExplainedAuthorization Explain(QuotaAsk ask, ExplainedAuthorization explained, DateTimeOffset now)
    {
        _book.Expire(now);
        lock (share.Gate)
        {
            var outcome = DescribeLocked(ask, now);
            var limit = ask.Refused is null ? ExhaustedBy(ask, now) : null;
            var denial = ask.Refused ?? (limit is null ? null : QuotaDenials.Exhausted(limit));
            return explained with
            {
                Authorization = denial is null
                    ? explained.Authorization with { Quota = outcome }
                    : Deny(explained.Authorization, denial, outcome with { RetryAfter = limit is null ? null : RetryAfter(limit, outcome, now) }),
                Limits = [.. ask.Own.Concat(ask.Shared).Select(demand => new LimitTrial(
                    Standing(demand.Limit, now), demand.Units, AccountOf(demand.Limit).Offer([demand], now).Status == ChargeStatus.Exhausted))],
            };
        }
    }

    /// <summary>Takes back what was just charged, as if it had never been. Under the cell's lock.</summary>
    public void Undo(Opened opened)
    {
        if (_book.Find(opened.Number) is { } reservation)
        {
            _book.Cancel(reservation);
        }

        GiveBack(opened.Charges);
    }

    /// <summary>Has blocks that run out topped up. Outside of any lock.</summary>
    public void TopUp()
    {
        if (account.IsLow)
        {
            ledger.TopUpSoon();
        }

        if (share.Account.IsLow)
        {
            share.Ledger.TopUpSoon();
        }
    }

    /// <summary>
    /// Reserves what requests wait for, of all limits in one write each for the agent's and the tenant's. Returns when it may be decided again.
    /// </summary>
    /// <exception cref="QuotaUnavailableException">Storage does not answer.</exception>
    public async Task ReserveAsync(IReadOnlyList<QuotaAsk> asks, TimeProvider clock, Func<DateTimeOffset> confirmedSince)
    {
        var (own, shared) = (QuotaAsk.Sum(asks.SelectMany(ask => ask.Own)), QuotaAsk.Sum(asks.SelectMany(ask => ask.Shared)));
        await LoadAsync(shared.Length > 0);
        if (shared.Length > 0)
        {
            await share.Ledger.WriteAsync(() => Plan(share.Account, shared, asks.Count > 1, clock.GetUtcNow(), confirmedSince()));
            if (IsExhausted(shared, clock.GetUtcNow()) && share.MayRecover)
            {
                await share.RecoverAsync();
                await share.Ledger.WriteAsync(() => Plan(share.Account, shared, asks.Count > 1, clock.GetUtcNow(), confirmedSince()));
            }
        }

        if (own.Length > 0)
        {
            await ledger.WriteAsync(() => Plan(account, own, asks.Count > 1, clock.GetUtcNow(), confirmedSince()));
        }
    }

    /// <summary>Forgets the reservations: as at any other activation, nothing is given back of them from now on. Under the cell's lock.</summary>
    public void Forget() => _book.Close();

    /// <summary>Stops granting, and gives back what is at hand. The cell is retracted.</summary>
    public Task CloseAsync(TimeProvider clock) => ledger.WriteAsync(() => account.IsLoaded ? account.PlanReturn(clock.GetUtcNow()) : null);

    /// <summary>Limits and what is left of them. Under the cell's lock.</summary>
    public ImmutableArray<LimitStanding> Standings(IEnumerable<QuotaLimit> limits, DateTimeOffset now)
    {
        _book.Expire(now);
        lock (share.Gate)
        {
            return [.. limits.Select(limit => Standing(limit, now))];
        }
    }

    private QuotaLimit? ExhaustedBy(QuotaAsk ask, DateTimeOffset now)
    {
        var (own, shared) = (account.Offer(ask.Own, now), share.Account.Offer(ask.Shared, now));
        return own.Status == ChargeStatus.Exhausted ? ask.Own[own.Index].Limit
            : shared.Status == ChargeStatus.Exhausted ? ask.Shared[shared.Index].Limit
            : null;
    }

    private bool TryCharge(
        QuotaAsk ask,
        AuthorizeRequest request,
        ref Authorization authorization,
        DateTimeOffset now,
        DateTimeOffset confirmedSince,
        bool isLastWord,
        ICollection<Opened>? opened)
    {
        var (own, shared) = (ChargeResult.Granted, ChargeResult.Granted);
        var isLoaded = account.IsLoaded && (ask.Shared.Length == 0 || share.Account.IsLoaded);
        if (isLoaded)
        {
            own = account.Offer(ask.Own, now, confirmedSince);
            shared = share.Account.Offer(ask.Shared, now, confirmedSince);
        }

        // Others may have units of a shared limit at hand: before anybody is told that it is exhausted, they are asked.
        var isExhausted = own.Status == ChargeStatus.Exhausted || (shared.Status == ChargeStatus.Exhausted && (isLastWord || !share.MayRecover));
        if (isLoaded && isExhausted)
        {
            var limit = own.Status == ChargeStatus.Exhausted ? ask.Own[own.Index].Limit : ask.Shared[shared.Index].Limit;
            var outcome = DescribeLocked(ask, now);
            authorization = Deny(authorization, QuotaDenials.Exhausted(limit), outcome with { RetryAfter = RetryAfter(limit, outcome, now) });
            return true;
        }

        if (!isLoaded || own.Status != ChargeStatus.Granted || shared.Status != ChargeStatus.Granted)
        {
            if (isLastWord)
            {
                authorization = Deny(authorization, QuotaDenials.StateUnavailable, new QuotaOutcome { RetryAfter = RetryWhenUnavailable });
            }

            return isLastWord;
        }

        if (request.DryRun)
        {
            authorization = authorization with { Quota = DescribeLocked(ask, now) };
            return true;
        }

        var isKept = _book.TryMakeRoom(ask.InFlight is not null);
        if (!isKept && ask.InFlight is { } counting)
        {
            authorization = Deny(authorization, QuotaDenials.NoRoom(counting), DescribeLocked(ask, now) with { RetryAfter = RetryWithoutRoom });
            return true;
        }

        // Most requests are counted by one limit.
        var charge = default(QuotaCharge);
        var charges = ask.Own.Length + ask.Shared.Length == 1 ? new Span<QuotaCharge>(ref charge) : new QuotaCharge[ask.Own.Length + ask.Shared.Length];
        account.Take(ask.Own, now, charges);
        share.Account.Take(ask.Shared, now, charges[ask.Own.Length..]);
        var expiresAt = isKept ? now + ask.Hold : now;
        var number = isKept
            ? _book.Open(charges, now, expiresAt, ask.Tag, request.Resource ?? request.Candidates.FirstOrDefault())
            : _book.OpenEnded();
        opened?.Add(new Opened(number, [.. charges]));
        authorization = authorization with
        {
            Quota = new QuotaOutcome
            {
                Limits = StandingsOf(ask, now),
                Token = TokenOf(number, expiresAt, charges, request),
                ExpiresAt = expiresAt,
                Charged = ChargedBy(charges),
            },
        };
        return true;
    }

    private static QuotaWrite? Plan(QuotaAccount account, QuotaDemand[] demands, bool isOfSeveral, DateTimeOffset now, DateTimeOffset confirmedSince) =>
        isOfSeveral || account.Offer(demands, now, confirmedSince).Status == ChargeStatus.Refill
            ? account.Plan(demands, now, confirmedSince, isOfSeveral)
            : null;

    private bool IsExhausted(QuotaDemand[] shared, DateTimeOffset now)
    {
        lock (share.Gate)
        {
            return share.Account.Offer(shared, now).Status == ChargeStatus.Exhausted;
        }
    }

    private QuotaOutcome Describe(QuotaAsk ask, DateTimeOffset now)
    {
        lock (share.Gate)
        {
            return DescribeLocked(ask, now);
        }
    }

    private QuotaOutcome DescribeLocked(QuotaAsk ask, DateTimeOffset now) => new() { Limits = StandingsOf(ask, now) };

    private ImmutableArray<LimitStanding> StandingsOf(QuotaAsk ask, DateTimeOffset now)
    {
        var limits = new LimitStanding[ask.Own.Length + ask.Shared.Length];
        for (var index = 0; index < limits.Length; index++)
        {
            var demand = index < ask.Own.Length ? ask.Own[index] : ask.Shared[index - ask.Own.Length];
            limits[index] = Standing(demand.Limit, now);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(limits);
    }

    private LimitStanding Standing(QuotaLimit limit, DateTimeOffset now) =>
        LimitStanding.Of(AccountOf(limit).Standing(limit, now));

    private static ImmutableArray<ChargedUnits> ChargedBy(ReadOnlySpan<QuotaCharge> charges)
    {
        var charged = new ChargedUnits[charges.Length];
        for (var index = 0; index < charged.Length; index++)
        {
            var (limit, _, units) = charges[index];
            charged[index] = new ChargedUnits(limit.Key.Policy, limit.Key.Name, limit.Metric, units);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(charged);
    }

    private QuotaAccount AccountOf(QuotaLimit limit) => limit.Scope == QuotaScope.Tenant ? share.Account : account;

    private static TimeSpan? RetryAfter(QuotaLimit limit, QuotaOutcome outcome, DateTimeOffset now)
    {
        foreach (var standing in outcome.Limits)
        {
            if (standing.Policy == limit.Key.Policy && standing.Name == limit.Key.Name && standing.ResetsAt is { } resets)
            {
                return resets > now ? resets - now : TimeSpan.Zero;
            }
        }

        return null;
    }

    private static Authorization Deny(Authorization authorization, Decision denial, QuotaOutcome outcome) =>
        authorization with { Decision = denial.Overruling(authorization.Decision), Age = null, Quota = outcome };

    private string TokenOf(ulong number, DateTimeOffset expiresAt, ReadOnlySpan<QuotaCharge> charges, AuthorizeRequest request) =>
        ReservationToken.Write(agent, account.Owner, number, expiresAt, charges, request.Resource, request.Candidates);

    private bool GiveBack(in QuotaCharge charge)
    {
        if (charge.Limit.Scope != QuotaScope.Tenant)
        {
            return account.GiveBack(charge);
        }

        lock (share.Gate)
        {
            return share.Account.GiveBack(charge);
        }
    }

    private void GiveBack(ImmutableArray<QuotaCharge> charges)
    {
        foreach (var charge in charges)
        {
            GiveBack(charge);
        }
    }

    /// <summary>What was charged for a request among others.</summary>
    internal readonly record struct Opened(ulong Number, ImmutableArray<QuotaCharge> Charges);
}
