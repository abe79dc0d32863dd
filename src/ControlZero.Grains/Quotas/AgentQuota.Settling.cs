using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Quotas;

namespace ControlZero.Grains.Quotas;

/// <content>How reservations end: each once, whatever is told twice.</content>
internal sealed partial class AgentQuota
{
    /// <summary>Ends a reservation with what the call used. Under the cell's lock; what is owed after it is to be written before anybody is told.</summary>
    /// <param name="token">The reservation.</param>
    /// <param name="command">What was used.</param>
    /// <param name="limits">The limits of today, for a reservation of another activation.</param>
    /// <param name="now">The present.</param>
    public SettleOutcome Settle(ReservationToken token, SettleCommand command, IReadOnlyList<QuotaLimit> limits, DateTimeOffset now)
    {
        _book.Expire(now);
        if (token.Agent != agent)
        {
            return new SettleOutcome { Status = SettleStatus.NotFound };
        }

        var drift = command.ResponseModel is { } model && !token.Resources.Contains(Fingerprint.Of(model));
        if (token.Activation == account.Owner && _book.Find(token.Number) is { } reservation)
        {
            return Settle(reservation, token, command, now) with { ModelDrift = drift };
        }

        if (token.Activation == account.Owner && !_book.WasIssued(token.Number))
        {
            return new SettleOutcome { Status = SettleStatus.NotFound };
        }

        return SettleElsewhere(token, command, limits, now) with { ModelDrift = drift };
    }

    /// <summary>Gives back what was reserved for a call that was not made. Under the cell's lock.</summary>
    /// <param name="token">The reservation.</param>
    /// <param name="limits">The limits of today, for a reservation of another activation.</param>
    /// <param name="now">The present.</param>
    public SettleOutcome Cancel(ReservationToken token, IReadOnlyList<QuotaLimit> limits, DateTimeOffset now)
    {
        _book.Expire(now);
        if (token.Agent != agent || (token.Activation == account.Owner && !_book.WasIssued(token.Number)))
        {
            return new SettleOutcome { Status = SettleStatus.NotFound };
        }

        // INVARIANT: only the activation that granted gives back, and only what its book says is open. Nobody else knows what was given back before.
        if (token.Activation != account.Owner || _book.Find(token.Number) is not { } reservation)
        {
            return Done(Charged(token, limits).Select(charge => charge.Limit), now) with { Late = true };
        }

        switch (reservation.Status)
        {
            case ReservationStatus.Open:
                _book.Cancel(reservation);
                GiveBack(reservation.Charges);
                return Done(Limits(reservation), now);
            case ReservationStatus.Cancelled:
                return Done(Limits(reservation), now) with { Replayed = true };
            default:
                return new SettleOutcome { Status = SettleStatus.Otherwise };
        }
    }

    /// <summary>Writes what is owed after a settle.</summary>
    /// <exception cref="QuotaUnavailableException">Storage does not answer: the settle is to be told again.</exception>
    public async Task PayAsync(TimeProvider clock)
    {
        await ledger.WriteAsync(() => account.IsOwing ? account.Plan([], clock.GetUtcNow()) : null);
        await share.Ledger.WriteAsync(() => share.Account.IsOwing ? share.Account.Plan([], clock.GetUtcNow()) : null);
    }

    /// <summary>Notes units to be added to a limit. Under the cell's lock. True: they are in force already.</summary>
    public bool Adjust(QuotaLimit limit, QuotaAdjustment adjustment, DateTimeOffset now)
    {
        lock (share.Gate)
        {
            if (AccountOf(limit).IsAdjusted(limit, adjustment.Id, now))
            {
                return true;
            }

            AccountOf(limit).Adjust(limit, adjustment);
            return false;
        }
    }

    private static IEnumerable<QuotaLimit> Limits(Reservation reservation) => reservation.Charges.Select(charge => charge.Limit);

    private static IEnumerable<(QuotaLimit Limit, long Units)> Charged(ReservationToken token, IReadOnlyList<QuotaLimit> limits) =>
        token.Charges.Join(limits, charge => charge.Limit, limit => limit.Fingerprint, (charge, limit) => (limit, charge.Units));

    private SettleOutcome Settle(Reservation reservation, ReservationToken token, SettleCommand command, DateTimeOffset now)
    {
        if (reservation.Status != ReservationStatus.Open)
        {
            var isSame = reservation.Status == ReservationStatus.Settled
                && reservation.Settled == command.Usage
                && reservation.SettledModel == command.ResponseModel;
            return isSame
                ? Done(Limits(reservation), now) with { Replayed = true, Overrun = IsOverrun(reservation, command) }
                : new SettleOutcome { Status = SettleStatus.Otherwise };
        }

        _book.Settle(reservation, command.Usage, command.ResponseModel);
        foreach (var charge in reservation.Charges)
        {
            if (charge.Limit.Metric == QuotaMetric.InFlight)
            {
                GiveBack(charge);
            }
            else if (Used(charge.Limit, reservation, command) is { } used && used < charge.Units)
            {
                GiveBack(charge with { Units = charge.Units - used });
            }
            else if (Used(charge.Limit, reservation, command) - charge.Units is { } over && over > 0)
            {
                // Told again when the reservation is not kept any more, it counts once.
                _book.TellLate(token.Id);
                Overdraw(charge.Limit, over, token.Id, now);
            }
        }

        return Done(Limits(reservation), now) with { Overrun = IsOverrun(reservation, command) };
    }

    // The reservation ended at its charge, or whoever made it is gone: nothing is given back, what was used beyond is charged.
    private SettleOutcome SettleElsewhere(ReservationToken token, SettleCommand command, IReadOnlyList<QuotaLimit> limits, DateTimeOffset now)
    {
        var isFirst = _book.TellLate(token.Id);
        var isOver = false;
        var charged = Charged(token, limits).ToList();
        foreach (var (limit, units) in charged)
        {
            if (limit.Metric != QuotaMetric.InFlight && CallUnits.Units(limit, command.Usage, command.ResponseModel, prices) - units is { } over && over > 0)
            {
                isOver = true;
                if (isFirst)
                {
                    Overdraw(limit, over, token.Id, now);
                }
            }
        }

        var isLate = token.ExpiresAt <= now || token.Activation == account.Owner;
        return Done(charged.Select(charge => charge.Limit), now) with { Late = isLate, Replayed = !isFirst, Overrun = isOver };
    }

    private bool IsOverrun(Reservation reservation, SettleCommand command) =>
        reservation.Charges.Any(charge => Used(charge.Limit, reservation, command) > charge.Units);

    private long? Used(QuotaLimit limit, Reservation reservation, SettleCommand command) =>
        CallUnits.Units(limit, command.Usage, command.ResponseModel ?? reservation.Resource, prices);

    private void Overdraw(QuotaLimit limit, long units, Guid id, DateTimeOffset now)
    {
        lock (share.Gate)
        {
            AccountOf(limit).Overdraw(limit, units, id, now);
        }
    }

    private SettleOutcome Done(IEnumerable<QuotaLimit> limits, DateTimeOffset now)
    {
        lock (share.Gate)
        {
            return new SettleOutcome { Status = SettleStatus.Done, Limits = [.. limits.Select(limit => Standing(limit, now))] };
        }
    }
}
