using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>An agent's activation: charges his limits and the tenant's, all or none, and ends reservations once each.</summary>
internal sealed class Holder(World world, Silo silo, int agent, Ledger ledger, Referee referee)
{
    private const int Attempts = 4;

    private readonly int _life = silo.Life;
    private readonly ReservationBook _book = silo.OpenBook();
    private readonly SortedDictionary<ulong, Reservation> _open = [];

    public Ledger Ledger => ledger;

    public Silo Silo => silo;

    public int Life => _life;

    public bool IsClosed { get; private set; }

    /// <summary>Reservations it keeps, ended ones included.</summary>
    public int Kept => _book.Count;

    private Ledger Share => silo.Share!;

    /// <summary>Decides a request, and answers when it is decided.</summary>
    public void Ask(Request request, Action<Answer> answer) => Decide(request, 1, answer);

    /// <summary>Gives back what is at hand, and grants nothing any more.</summary>
    public void Close(Action<bool> done)
    {
        IsClosed = true;
        _book.Close();
        ledger.Submit(() => ledger.Account.IsLoaded ? ledger.Account.PlanReturn(silo.Now) : null, done);
    }

    /// <summary>Ends a reservation of this activation with what was used of it. Told twice, it counts once.</summary>
    public void Settle(Reservation reservation, Usage usage, Action<bool> done)
    {
        ForgetEnded();
        var entry = _book.Find(reservation.Number);
        if (entry is null)
        {
            SettleLate(reservation, usage, done);
            return;
        }

        if (entry.Status != ReservationStatus.Open)
        {
            world.Note(Happening.SettledTwice, $"{silo}: {reservation.Request} is told again how it ended");
            if (world.Conduct.SettlesOnce)
            {
                done(true);
                return;
            }
        }
        else
        {
            End(reservation);
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
                _book.TellLate(reservation.Id);
                Overdraw(charge.Limit, usage.Of(charge) - charge.Units, reservation.Id);
            }
        }

        Pay(reservation.Id, done);
    }

    /// <summary>The same for a reservation of an activation that is gone: it may charge, and never gives back.</summary>
    public void SettleElsewhere(Reservation reservation, Usage usage, Action<bool> done)
    {
        world.Note(Happening.SettledElsewhere, $"{silo}: hears how {reservation.Request} ended, which another activation granted");
        Exceed(reservation, usage, done);
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

    // It ended at its charge: nothing is given back, what was used beyond is charged.
    private void SettleLate(Reservation reservation, Usage usage, Action<bool> done)
    {
        world.Note(Happening.SettledLate, $"{silo}: hears how {reservation.Request} ended, which is not kept any more");
        Exceed(reservation, usage, done);
    }

    private void Exceed(Reservation reservation, Usage usage, Action<bool> done)
    {
        if (_book.TellLate(reservation.Id))
        {
            foreach (var charge in reservation.Charges.Where(charge => charge.Limit.Metric != QuotaMetric.InFlight && usage.Of(charge) > charge.Units))
            {
                Overdraw(charge.Limit, usage.Of(charge) - charge.Units, reservation.Id);
            }
        }

        Pay(reservation.Id, done);
    }

    private void Decide(Request request, int attempt, Action<Answer> answer)
    {
        ForgetEnded();
        if (!silo.IsFresh)
        {
            world.Coverage.Count(Happening.DeniedForStaleness);
            answer(Answer.Denied);
            return;
        }

        if (world.Conduct.RemembersRequests && _book.TryFind(request.Tag.Id, silo.Now, out var earlier))
        {
            world.Note(Happening.RequestReplayed, $"{silo}: {request} was charged before");
            answer(new Answer(_open[earlier.Number], IsReplayed: true));
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
            answer(TryMakeRoom(request, [.. own, .. shared], out var isKept) ? new Answer(Grant(request, own, shared, isKept)) : Answer.Denied);
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

    // A call in flight is denied where there is no room to keep it until it ends; any other ends at its charge as it begins.
    private bool TryMakeRoom(Request request, QuotaDemand[] demands, out bool isKept)
    {
        var isInFlight = demands.Any(demand => demand.Limit.Metric == QuotaMetric.InFlight);
        isKept = _book.TryMakeRoom(isInFlight);
        if (!isKept && isInFlight && world.Conduct.EndsCallsEarly)
        {
            EndOldestCall();
            isKept = _book.TryMakeRoom(isInFlight);
        }

        foreach (var ended in _open.Values.Where(reservation => _book.Find(reservation.Number) is null).ToList())
        {
            world.Note(Happening.EndedEarly, $"{silo}: {ended.Request} ends early, at its charge");
            End(ended);
        }

        if (!isKept)
        {
            world.Note(isInFlight ? Happening.DeniedForRoom : Happening.EndedAsItBegan, $"{silo}: no room to keep {request}");
        }

        return isKept || !isInFlight;
    }

    private void EndOldestCall()
    {
        if (_open.Values.FirstOrDefault(reservation => reservation.Request.IsInFlight) is { } call)
        {
            _book.Cancel(_book.Find(call.Number)!);
            End(call);
            foreach (var charge in call.Charges.Where(charge => charge.Limit.Metric == QuotaMetric.InFlight))
            {
                AccountOf(charge.Limit).GiveBack(charge);
            }
        }
    }

    private void ForgetEnded()
    {
        _book.Expire(silo.Now);
        foreach (var ended in _open.Values.Where(reservation => _book.Find(reservation.Number) is null).ToList())
        {
            world.Note(Happening.Expired, $"{silo}: {ended.Request} ends at its charge");
            End(ended);
        }
    }

    private void End(Reservation reservation)
    {
        reservation.IsOpen = false;
        _open.Remove(reservation.Number);
    }

    private Reservation Grant(Request request, QuotaDemand[] own, QuotaDemand[] shared, bool isKept)
    {
        var charges = new QuotaCharge[own.Length + shared.Length];
        ledger.Account.Take(own, Time(ledger), charges);
        Share.Account.Take(shared, Time(Share), charges.AsSpan(own.Length));
        world.Note(Happening.Granted, $"{silo}: {request} granted " + string.Join(", ", charges.Select(charge => $"{charge.Limit.Key.Name}@{charge.WindowId} {charge.Units}")));
        var number = isKept ? _book.Open(charges, silo.Now, silo.Now + PublishedLimits.Hold, request.Tag) : _book.OpenEnded();
        var reservation = new Reservation(world.Dice.NextId(), number, this, request, charges) { IsOpen = isKept };
        if (isKept)
        {
            _open.Add(number, reservation);
        }

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
