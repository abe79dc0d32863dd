using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>An agent's activation: charges his limits and the tenant's, all or none, and ends reservations once each.</summary>
internal sealed class Holder(World world, Silo silo, int agent, Ledger ledger, Referee referee)
{
    private const int Attempts = 4;

    private readonly int _life = silo.Life;
    private readonly ReservationBook _book = new();
    private readonly Dictionary<ulong, Reservation> _reservations = [];

    public Ledger Ledger => ledger;

    public Silo Silo => silo;

    public int Life => _life;

    public bool IsClosed { get; private set; }

    private Ledger Share => silo.Share!;

    /// <summary>Decides a request, and answers when it is decided.</summary>
    public void Ask(Request request, Action<Answer> answer) => Decide(request, 1, answer);

    /// <summary>Gives back what is at hand, and grants nothing any more.</summary>
    public void Close(Action<bool> done)
    {
        IsClosed = true;
        ledger.Submit(() => ledger.Account.IsLoaded ? ledger.Account.PlanReturn(silo.Now) : null, done);
    }

    /// <summary>Ends a reservation of this activation with what was used of it. Told twice, it counts once.</summary>
    public void Settle(Reservation reservation, Usage usage, Action<bool> done)
    {
        if (!reservation.IsOpen)
        {
            world.Note(Happening.SettledTwice, $"{silo}: {reservation.Request} is told again how it ended");
            if (world.Conduct.SettlesOnce)
            {
                done(true);
                return;
            }
        }

        reservation.IsOpen = false;
        if (reservation.Entry is { Status: ReservationStatus.Open } entry)
        {
            _book.Settle(entry, CallUsage.Unknown, null);
        }

        foreach (var charge in reservation.Charges)
        {
            if (charge.Limit.Metric == QuotaMetric.InFlight)
            {
                AccountOf(charge.Limit).GiveBack(charge);
            }
            else if (usage.Of(charge) < charge.Units)
            {
                GiveBack(charge with { Units = charge.Units - usage.Of(charge) });
            }
            else if (usage.Of(charge) > charge.Units)
            {
                Overdraw(charge.Limit, usage.Of(charge) - charge.Units, reservation.Id);
            }
        }

        Pay(reservation.Id, done);
    }

    /// <summary>The same for a reservation of an activation that is gone: it may charge, and never gives back.</summary>
    public void SettleElsewhere(Reservation reservation, Usage usage, Action<bool> done)
    {
        world.Note(Happening.SettledElsewhere, $"{silo}: hears how {reservation.Request} ended, which another activation granted");
        foreach (var charge in reservation.Charges.Where(charge => charge.Limit.Metric != QuotaMetric.InFlight && usage.Of(charge) > charge.Units))
        {
            Overdraw(charge.Limit, usage.Of(charge) - charge.Units, reservation.Id);
        }

        Pay(reservation.Id, done);
    }

    /// <summary>Ends a reservation at its charge, if it is still open.</summary>
    public void Expire(Reservation reservation)
    {
        if (reservation.IsOpen)
        {
            reservation.IsOpen = false;
            if (reservation.Entry is { Status: ReservationStatus.Open } entry)
            {
                _book.Cancel(entry);
            }

            world.Note(Happening.Expired, $"{silo}: {reservation.Request} ends at its charge");
            foreach (var charge in reservation.Charges.Where(charge => charge.Limit.Metric == QuotaMetric.InFlight))
            {
                AccountOf(charge.Limit).GiveBack(charge);
            }
        }
    }

    /// <summary>Adds units to a limit, or takes them away. Told twice, it counts once.</summary>
    public void Adjust(QuotaLimit limit, QuotaAdjustment adjustment, Action<bool> done)
    {
        var of = limit.Scope == QuotaScope.Tenant ? Share : ledger;
        of.Submit(() => null, loaded =>
        {
            if (!loaded)
            {
                done(false);
                return;
            }

            if (of.Account.IsAdjusted(limit, adjustment.Id, silo.Now))
            {
                world.Note(Happening.AdjustedTwice, $"{silo}: {adjustment.Id} is in force already");
            }
            else
            {
                of.Account.Adjust(limit, adjustment);
                world.Note(Happening.LimitAdjusted, $"{silo}: {limit.Key.Name} by {adjustment.Delta} until {adjustment.ExpiresAt:HH:mm:ss}");
            }

            of.Submit(() => of.Account.IsOwing ? of.Account.Plan([], silo.Now) : null, done);
        });
    }

    private void Decide(Request request, int attempt, Action<Answer> answer)
    {
        if (!silo.IsFresh)
        {
            world.Coverage.Count(Happening.DeniedForStaleness);
            answer(Answer.Denied);
            return;
        }

        if (world.Conduct.RemembersRequests && _book.TryFind(request.Tag.Id, silo.Now, out var earlier))
        {
            world.Note(Happening.RequestReplayed, $"{silo}: {request} was charged before");
            answer(new Answer(_reservations[earlier.Number], IsReplayed: true));
            return;
        }

        var own = request.DemandsOf(silo.Limits, QuotaScope.Agent);
        var shared = request.DemandsOf(silo.Limits, QuotaScope.Tenant);
        var (ofOwn, ofShared) = (Offer(ledger, own), Offer(Share, shared));
        if (ofOwn.Status != ChargeStatus.Exhausted && ofShared.Status == ChargeStatus.Exhausted && silo.MayRecall && attempt < Attempts)
        {
            silo.Recall(() => Decide(request, attempt + 1, answer));
            return;
        }

        if (ofOwn.Status == ChargeStatus.Exhausted || ofShared.Status == ChargeStatus.Exhausted)
        {
            var limit = ofOwn.Status == ChargeStatus.Exhausted ? own[ofOwn.Index].Limit : shared[ofShared.Index].Limit;
            world.Note(limit.Metric == QuotaMetric.InFlight ? Happening.DeniedByCallsInFlight
                : limit.Scope == QuotaScope.Agent ? Happening.DeniedByAgentLimit : Happening.DeniedByTenantLimit, $"{silo}: {request} denied by {limit.Key.Name}");
            answer(Answer.Denied);
        }
        else if (ofOwn.Status == ChargeStatus.Granted && ofShared.Status == ChargeStatus.Granted)
        {
            answer(new Answer(Grant(request, own, shared)));
        }
        else if (attempt == Attempts)
        {
            GiveUp(request, answer);
        }
        else
        {
            Share.Submit(() => Plan(Share, shared), confirmed =>
            {
                if (!confirmed)
                {
                    GiveUp(request, answer);
                    return;
                }

                ledger.Submit(() => Plan(ledger, own), written =>
                {
                    if (written)
                    {
                        Decide(request, attempt + 1, answer);
                    }
                    else
                    {
                        GiveUp(request, answer);
                    }
                });
            });
        }
    }

    private Reservation Grant(Request request, QuotaDemand[] own, QuotaDemand[] shared)
    {
        var charges = new QuotaCharge[own.Length + shared.Length];
        ledger.Account.Take(own, Time(ledger), charges);
        Share.Account.Take(shared, Time(Share), charges.AsSpan(own.Length));
        world.Note(Happening.Granted, $"{silo}: {request} granted " + string.Join(", ", charges.Select(charge => $"{charge.Limit.Key.Name}@{charge.WindowId} {charge.Units}")));
        var entry = _book.Find(_book.Open(charges, silo.Now, silo.Now + PublishedLimits.Hold, request.Tag))!;
        var reservation = new Reservation(world.Dice.NextId(), this, request, charges) { Entry = entry };
        _reservations.Add(entry.Number, reservation);
        referee.OnGranted(agent, reservation, silo);
        ledger.TopUp();
        Share.TopUp();
        return reservation;
    }

    private void GiveUp(Request request, Action<Answer> answer)
    {
        world.Note(Happening.DeniedForStorage, $"{silo}: {request} has no answer of storage");
        answer(Answer.Denied);
    }

    private QuotaWrite? Plan(Ledger of, QuotaDemand[] demands)
    {
        var now = Time(of);
        return of.Account.Offer(demands, now).Status == ChargeStatus.Refill ? of.Account.Plan(demands, now) : null;
    }

    private ChargeResult Offer(Ledger of, QuotaDemand[] demands) =>
        demands.Length == 0 ? ChargeResult.Granted
        : of.Account.IsLoaded ? of.Account.Offer(demands, Time(of)) : new ChargeResult(ChargeStatus.Refill, 0);

    private void GiveBack(in QuotaCharge charge)
    {
        var reopened = AccountOf(charge.Limit).GiveBack(charge);
        world.Note(reopened ? Happening.Refunded : Happening.RefundTooLate, $"{silo}: {charge.Units} of {charge.Limit.Key.Name}@{charge.WindowId} come back");
        if (reopened)
        {
            referee.OnRefunded(agent, charge);
        }
    }

    private void Overdraw(QuotaLimit limit, long units, Guid id)
    {
        var isOwed = AccountOf(limit).Overdraw(limit, units, id, silo.Now);
        world.Note(Happening.Overdrawn, $"{silo}: {units} of {limit.Key.Name} above its reservation{(isOwed ? ", to be written" : "")}");
        referee.OnOverdrawn(agent, limit, units, id, isOwed ? this : null);
    }

    // Both debts are written before anybody is told.
    private void Pay(Guid id, Action<bool> done)
    {
        if (world.Conduct.AcknowledgesDebtAtOnce)
        {
            Acknowledge(id, done);
        }

        ledger.Submit(() => ledger.Account.IsOwing ? ledger.Account.Plan([], silo.Now) : null, own =>
            Share.Submit(() => Share.Account.IsOwing ? Share.Account.Plan([], silo.Now) : null, shared =>
            {
                if (own && shared && !world.Conduct.AcknowledgesDebtAtOnce)
                {
                    Acknowledge(id, done);
                }
                else if (!world.Conduct.AcknowledgesDebtAtOnce)
                {
                    done(false);
                }
            }));
    }

    private void Acknowledge(Guid id, Action<bool> done)
    {
        referee.OnSettleAcknowledged(id, this);
        done(true);
    }

    private DateTimeOffset Time(Ledger of) => world.Conduct.Time(silo.Now, of.LastWrite);

    private QuotaAccount AccountOf(QuotaLimit limit) => limit.Scope == QuotaScope.Tenant ? Share.Account : ledger.Account;
}
