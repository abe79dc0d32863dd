using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>
/// Watches a run from outside, by true time and by its own count of what was granted; of the accounts it believes nothing but which window a grant
/// is charged to, which it checks against the clock of the silo that granted.
/// </summary>
internal sealed class Referee(World world)
{
    // For so long after a limit was lowered a silo may go by the old one.
    private static readonly TimeSpan LearnedWithin = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ClocksOfCallsApart = TimeSpan.FromSeconds(5);

    // For so long after an adjustment has ended its units may still be granted.
    private static readonly TimeSpan AdjustmentsEndWithin = TimeSpan.FromSeconds(5);

    private readonly Dictionary<QuotaLimitKey, List<(DateTimeOffset At, long Limit)>> _limits = [];
    private readonly Dictionary<(int Owner, QuotaLimitKey Key, string Name), (long Delta, DateTimeOffset ExpiresAt)> _adjustments = [];
    private readonly Dictionary<(Holder Holder, string Request), (Reservation Reservation, DateTimeOffset At)> _requests = [];
    private readonly Dictionary<(int Owner, QuotaLimitKey Key, long Window), long> _granted = [];
    private readonly Dictionary<(int Owner, QuotaLimitKey Key), long> _lastWindow = [];
    private readonly Dictionary<(int Owner, QuotaLimitKey Key), long> _overdrawn = [];
    private readonly HashSet<(Guid Id, QuotaLimitKey Key)> _overdrafts = [];
    private readonly Dictionary<(int Owner, QuotaLimitKey Key), long> _newest = [];
    private readonly HashSet<(Guid Id, QuotaLimitKey Key)> _stored = [];
    private readonly QuotaRecord?[] _seen = new QuotaRecord?[Simulation.Agents + 1];
    private readonly HashSet<(Guid Id, QuotaLimitKey Key, Holder By)> _owed = [];
    private readonly Dictionary<(int Owner, QuotaLimitKey Key), List<(Reservation Call, DateTimeOffset Until, DateTimeOffset ByItsClock)>> _calls = [];
    private TimeSpan _mostAhead;

    /// <summary>The shelf of each agent, and of the tenant at the end.</summary>
    public IReadOnlyList<Shelf> Shelves { get; set; } = [];

    public IReadOnlyList<Silo> Silos { get; set; } = [];

    /// <summary>The first promise that was broken. Null: none.</summary>
    public string? Violation { get; private set; }

    public long Granted { get; private set; }

    /// <summary>
    /// True once a clock was off by more than the core allows for calls in flight: leases of dead holders then end too early, or hours too late.
    /// Nothing is promised of them in such a run.
    /// </summary>
    public bool ClocksWereApart { get; private set; }

    public void OnLimit(QuotaLimit limit, DateTimeOffset now)
    {
        if (!_limits.TryGetValue(limit.Key, out var history))
        {
            _limits.Add(limit.Key, history = []);
        }

        history.Add((now, limit.Limit));
    }

    /// <summary>Somebody adds units to a limit. However often it is told, it counts once.</summary>
    public void OnAdjusted(int agent, QuotaLimit limit, string name, long delta, DateTimeOffset expiresAt) =>
        _adjustments.TryAdd((OwnerOf(agent, limit), limit.Key, name), (delta, expiresAt));

    public void OnClock(Silo silo)
    {
        _mostAhead = silo.Offset > _mostAhead ? silo.Offset : _mostAhead;
        ClocksWereApart |= silo.Offset.Duration() > ClocksOfCallsApart / 2;
    }

    public void OnGranted(int agent, Reservation reservation, Silo silo)
    {
        Granted++;
        OnCharged(reservation, silo);
        foreach (var charge in reservation.Charges)
        {
            if (charge.Limit.Window is null)
            {
                OnCall(OwnerOf(agent, charge.Limit), charge.Limit.Key, reservation);
                continue;
            }

            CheckWindow(charge, silo);
            var place = (OwnerOf(agent, charge.Limit), charge.Limit.Key, charge.WindowId);
            var total = _granted[place] = _granted.GetValueOrDefault(place) + charge.Units;
            var most = MostInForce(charge.Limit.Key) + Added(place.Item1, place.Key, ClocksWereApart ? null : silo.Now);
            Require(total <= most, $"over-granted: {total} of {charge.Limit.Key.Name}@{charge.WindowId}, of which {most} may be");
            CheckReserved(place.Item1, place.Key, place.WindowId);
            if (_newest.TryGetValue((place.Item1, place.Key), out var newest) && newest < charge.WindowId)
            {
                world.Coverage.Count(Happening.GrantedInNextWindow);
            }

            _newest[(place.Item1, place.Key)] = Math.Max(charge.WindowId, newest);
        }
    }

    // While a reservation is open, the same request is not charged again by the activation that made it. By its clock: one that is set may forget.
    private void OnCharged(Reservation reservation, Silo silo)
    {
        var place = (reservation.Holder, reservation.Request.Tag.Id);
        if (_requests.TryGetValue(place, out var earlier))
        {
            world.Coverage.Count(Happening.RequestForgotten);
            Require(
                !earlier.Reservation.IsOpen || ClocksWereApart || silo.Now - earlier.At >= ReservationBook.RequestsRemembered,
                $"{reservation.Request} was charged twice by one activation");
        }

        _requests[place] = (reservation, silo.Now);
    }

    // Null: whatever their end.
    private long Added(int owner, QuotaLimitKey key, DateTimeOffset? now) => _adjustments
        .Where(each => each.Key.Owner == owner && each.Key.Key == key && each.Value.Delta > 0 && (now is null || each.Value.ExpiresAt + AdjustmentsEndWithin > now))
        .Sum(each => each.Value.Delta);

    /// <summary>The caller says that the call is over: from now on it is in nobody's way.</summary>
    public void OnCallEnded(Reservation reservation)
    {
        foreach (var calls in _calls.Values)
        {
            calls.RemoveAll(call => call.Call == reservation);
        }
    }

    public void OnRefunded(int agent, in QuotaCharge charge) => _granted[(OwnerOf(agent, charge.Limit), charge.Limit.Key, charge.WindowId)] -= charge.Units;

    public void OnOverdrawn(int agent, QuotaLimit limit, long units, Guid id, Holder? by)
    {
        if (_overdrafts.Add((id, limit.Key)))
        {
            var place = (OwnerOf(agent, limit), limit.Key);
            _overdrawn[place] = _overdrawn.GetValueOrDefault(place) + units;
        }

        if (by is not null)
        {
            _owed.Add((id, limit.Key, by));
        }
    }

    /// <summary>A caller was told that his settle is stored: what he owes must be.</summary>
    public void OnSettleAcknowledged(Guid id, Holder by)
    {
        foreach (var owed in _owed.Where(each => each.Id == id && each.By == by).ToList())
        {
            world.Coverage.Count(Happening.DebtAcknowledged);
            Require(_stored.Contains((id, owed.Key)), $"a debt of {owed.Key.Name} was acknowledged, and is not stored");
            _owed.Remove(owed);
        }
    }

    /// <summary>What must be true at every moment.</summary>
    public void CheckStorage()
    {
        for (var owner = 0; owner < Shelves.Count; owner++)
        {
            if (!ReferenceEquals(_seen[owner], Shelves[owner].Record))
            {
                _seen[owner] = Shelves[owner].Record;
                foreach (var entry in Shelves[owner].Record!.Entries.Where(entry => entry.Key.Metric != QuotaMetric.InFlight))
                {
                    Check(owner, entry);
                }
            }
        }
    }

    /// <summary>What is kept of reservations has its end at every moment, and no room is lost or counted twice.</summary>
    public void CheckRoom(Weather weather)
    {
        foreach (var silo in Silos)
        {
            var kept = silo.Holders.Values.Sum(holder => holder.Kept);
            Require(silo.Budget.Count == kept, $"{silo} keeps {kept} reservations and counts {silo.Budget.Count}");
            Require(kept <= weather.RoomOfSilo, $"{silo} keeps {kept} reservations, of which {weather.RoomOfSilo} may be");
            Require(
                silo.Holders.Values.All(holder => holder.Kept <= weather.RoomOfAgent),
                $"an activation in {silo} keeps more than {weather.RoomOfAgent} reservations");
        }
    }

    /// <summary>When all is quiet and everybody has given back: what is stranded is what was lost.</summary>
    public void CheckStranded(int losses, DateTimeOffset quietSince)
    {
        for (var owner = 0; owner < Shelves.Count; owner++)
        {
            // Units of a window that has ended are worth nothing, and nobody gives them back.
            foreach (var entry in (Shelves[owner].Record?.Entries ?? []).Where(entry =>
                entry.Key.Metric != QuotaMetric.InFlight && entry.EndsAt > quietSince + TimeSpan.FromMinutes(1)))
            {
                var most = _limits[entry.Key].Max(known => known.Limit) + Added(owner, entry.Key, null);
                var block = Math.Max(PublishedLimits.MostTokens, (most / 10) + 1);
                var allowed = (losses * block) + _overdrawn.GetValueOrDefault((owner, entry.Key));
                var stranded = entry.Reserved - _granted.GetValueOrDefault((owner, entry.Key, entry.WindowId));
                Require(stranded <= allowed, $"{entry.Key.Name}@{entry.WindowId}: {stranded} stranded by {losses} losses, of which {allowed} may be");
            }
        }
    }

    public void Require(bool isKept, string promise)
    {
        if (!isKept && Violation is null)
        {
            Violation = promise;
            world.Note($"REFEREE: {promise}");
        }
    }

    private void Check(int owner, QuotaEntry entry)
    {
        var place = (owner, entry.Key);
        var last = _lastWindow.GetValueOrDefault(place, long.MinValue);
        Require(entry.WindowId >= last, $"{entry.Key.Name} goes back from window {last} to {entry.WindowId}");
        _lastWindow[place] = entry.WindowId;
        CheckReserved(owner, entry.Key, entry.WindowId);
        Require(entry.Reserved <= _limits[entry.Key].Max(known => known.Limit) + Added(owner, entry.Key, null), $"{entry.Key.Name}@{entry.WindowId}: {entry.Reserved} reserved, above every limit there was");
        var overdrawn = _overdrawn.GetValueOrDefault(place);
        Require(entry.Debt <= overdrawn, $"{entry.Key.Name}@{entry.WindowId}: a debt of {entry.Debt}, and only {overdrawn} used above reservations");
        foreach (var debt in entry.Debts)
        {
            _stored.Add((debt, entry.Key));
        }
    }

    private void CheckReserved(int owner, in QuotaLimitKey key, long window)
    {
        var granted = _granted.GetValueOrDefault((owner, key, window));
        var entry = Shelves[owner].Record?.Find(key);
        Require(
            granted == 0 || (entry is not null && (entry.WindowId > window || (entry.WindowId == window && entry.Reserved >= granted))),
            $"{key.Name}@{window}: {granted} granted, and only {(entry?.WindowId == window ? entry.Reserved : 0)} reserved");
    }

    private static int OwnerOf(int agent, QuotaLimit limit) => OwnerOf(agent, limit.Key);

    private static int OwnerOf(int agent, in QuotaLimitKey key) => key.Scope == QuotaScope.Tenant ? Simulation.Agents : agent;

    // By own arithmetic for the minutes, since 1970; by the calendar in UTC for the hours.
    private void CheckWindow(in QuotaCharge charge, Silo silo)
    {
        var seconds = charge.Limit.Window!.Text == "hour" ? 3_600L : 60L;
        var window = charge.Limit.Window.Text == "hour" ? charge.Limit.Window.At(world.Now).Id - (world.Now.ToUnixTimeSeconds() / seconds) : 0;
        var start = DateTimeOffset.FromUnixTimeSeconds((charge.WindowId - window) * seconds);
        Require(start <= world.Now + _mostAhead, $"{charge.Limit.Key.Name}@{charge.WindowId} begins at {start:HH:mm:ss}, and no clock is there yet");
        Require(silo.Now < start.AddSeconds(seconds), $"{silo} grants {charge.Limit.Key.Name}@{charge.WindowId}, which by its clock is over");
    }

    private void OnCall(int owner, in QuotaLimitKey key, Reservation reservation)
    {
        if (!_calls.TryGetValue((owner, key), out var calls))
        {
            _calls.Add((owner, key), calls = []);
        }

        // A hold is as long as the clock of the silo that granted it says, also of one that was set meanwhile.
        calls.RemoveAll(call => call.Until <= world.Now || call.ByItsClock <= call.Call.Holder.Silo.Now);
        calls.Add((reservation, world.Now + PublishedLimits.Hold, reservation.Holder.Silo.Now + PublishedLimits.Hold));
        var most = MostInForce(key);
        Require(ClocksWereApart || calls.Count <= most, $"{calls.Count} calls in flight under {key.Name}, of which {most} may be");
    }

    private long MostInForce(in QuotaLimitKey key)
    {
        var most = 0L;
        var history = _limits[key];
        for (var index = history.Count - 1; index >= 0; index--)
        {
            most = Math.Max(most, history[index].Limit);
            if (history[index].At <= world.Now - LearnedWithin)
            {
                break;
            }
        }

        return most;
    }
}
