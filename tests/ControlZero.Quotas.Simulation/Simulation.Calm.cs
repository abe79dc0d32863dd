using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <content>What comes after the storm: all is well, everybody gives back, and one more request of each agent shows what is left.</content>
internal sealed partial class Simulation
{
    private void Calm()
    {
        _world.IsCalm = true;
        _world.Note("all is well from now on");
        foreach (var silo in _silos)
        {
            silo.Start();
            silo.Continue();
            SetClock(silo);
        }
    }

    // Everybody gives back, and then one more request of each agent takes a unit exactly if one is left.
    private void Wind()
    {
        foreach (var silo in _silos)
        {
            foreach (var holder in silo.Holders.Values.ToList())
            {
                holder.Close(returned => _referee.Require(returned, $"{silo} could not give back what it had at hand"));
            }

            silo.Holders.Clear();
            if (silo.Share is { } share)
            {
                share.Submit(() => share.Account.IsLoaded ? share.Account.PlanReturn(silo.Now) : null, returned =>
                    _referee.Require(returned, $"{silo} could not give back what it had at hand of the tenant's"));
                silo.Share = null;
            }
        }

        RunUntil(_world.Now + TimeSpan.FromSeconds(30));
        _referee.CheckStranded(_silos.Sum(silo => silo.Losses), _world.Now);
        for (var agent = 0; agent < Agents; agent++)
        {
            // What the one before left at hand of the tenant's counts as left: it would be called back.
            _silos.ForEach(silo => silo.GiveBack());
            RunUntil(_world.Now + TimeSpan.FromSeconds(1));
            Probe(agent);
        }
    }

    private void Probe(int agent)
    {
        var silo = _silos[agent % Silos];
        var isFree = _limits.InForce.All(limit => IsLeft(_shelves[limit.Scope == QuotaScope.Tenant ? Agents : agent].Record?.Find(limit.Key), limit, silo.Now));
        Answer? answer = null;
        HolderOf(silo, agent).Ask(new Request(Requests + agent, agent, 1, IsInFlight: true), given => answer = given);
        // Until its call has ended of itself, and the lease of its place.
        RunUntil(_world.Now + TimeSpan.FromSeconds(60));
        _referee.Require(answer is not null, $"agent {agent} gets no answer, though all is well");
        _referee.Require(!isFree || answer?.Reservation is not null, $"agent {agent} is denied, though every limit has a unit left");
        _referee.Require(isFree || answer?.Reservation is null || _referee.ClocksWereApart, $"agent {agent} is granted a unit that is not left");
    }

    private bool IsLeft(QuotaEntry? entry, QuotaLimit limit, DateTimeOffset now)
    {
        // After two minutes of calm every call has ended, and every lease, unless a clock that was ahead has made it.
        if (entry is null || limit.Window is null)
        {
            return limit.Limit >= 1 + (entry is null || !_referee.ClocksWereApart ? 0 : entry.Slots.Sum(slot => slot.Count));
        }

        var adjusted = limit.Limit + entry.Adjustments.Sum(adjustment => adjustment.ExpiresAt > now ? adjustment.Delta : 0);
        return limit.Window.At(now).Id > entry.WindowId ? limit.Limit >= 1 : entry.Reserved + entry.Debt + 1 <= adjusted;
    }
}
