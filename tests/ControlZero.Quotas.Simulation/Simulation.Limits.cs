using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <content>What happens to limits beside being used: somebody adjusts them, and silos call units back from one another.</content>
internal sealed partial class Simulation
{
    private int _adjustments;

    // Told twice now and then, to whatever silo, until somebody says that it is stored.
    private void Adjust(QuotaLimit limit)
    {
        var agent = Dice.Below(Agents);
        var name = $"a{_adjustments++}";
        var delta = 1 + Dice.Below((int)Math.Max(2, limit.Limit / 2));
        delta *= Dice.Chance(0.7) ? 1 : -1;
        var time = Dice.Between(2_000, 40_000);
        var tellings = Dice.Chance(0.5) ? 2 : 1;
        DateTimeOffset? expires = null;
        for (var telling = 0; telling < tellings; telling++)
        {
            var number = telling;
            _world.After(Dice.Between(0, telling * 3_000), () => Tell(number, 1));
        }

        void Tell(int telling, int attempt)
        {
            var silo = _silos[Lossy(_weather.Misrouted) ? Dice.Below(Silos) : _owners[agent]];
            silo.Deliver(silo.Life, () =>
            {
                expires ??= silo.Now + time;
                _referee.OnAdjusted(agent, limit, name, delta, expires.Value);
                var adjustment = new QuotaAdjustment(_world.Conduct.NameOf(name, telling), delta, "", expires.Value);
                HolderOf(silo, agent).Adjust(limit, adjustment, stored =>
                {
                    if (!stored && attempt < 3)
                    {
                        _world.After(Dice.Between(200, 2_000), () => Tell(telling, attempt + 1));
                    }
                });
            });
        }
    }

    // Each is asked by a message that may be lost, and what it gives back may still be on its way: nobody waits longer than a second.
    private void RecallOthers(Silo asking, Action goOn)
    {
        foreach (var silo in _silos.Where(silo => silo != asking && silo.IsUp && !Lossy(_weather.MessageLost)))
        {
            var life = silo.Life;
            _world.After(Lossy(_weather.MessageLate) ? Dice.Between(500, 20_000) : Dice.Between(0, 5), () => silo.Deliver(life, silo.GiveBack));
        }

        _world.After(Dice.Between(10, 1_000), goOn);
    }
}
