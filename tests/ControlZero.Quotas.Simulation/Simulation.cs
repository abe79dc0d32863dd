namespace ControlZero.Quotas.Simulation;

/// <summary>What a run came to.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Violation">The first promise that was broken. Null: none.</param>
/// <param name="Hash">Tells this run from any other: the same seed has the same.</param>
/// <param name="Granted">Requests that were granted.</param>
/// <param name="Coverage">What happened in it.</param>
/// <param name="Lines">The run in words, if it was asked for.</param>
internal sealed record SimulationResult(ulong Seed, string? Violation, ulong Hash, long Granted, Coverage Coverage, IReadOnlyList<string> Lines);

/// <summary>
/// One run: two agents of a tenant on three silos. First everything goes wrong that the weather has, and the referee looks after every event; then
/// nothing does any more, everybody must get an answer, units must come back, and the last one must be usable.
/// </summary>
internal sealed partial class Simulation
{
    /// <summary>How many agents share the tenant's limits.</summary>
    public const int Agents = 2;

    private const int Silos = 3;
    private const int Requests = 220;

    private static readonly TimeSpan Stormy = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Calming = TimeSpan.FromSeconds(120);

    // Of a caller, before he looks whether the server he asked still lives.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly World _world;
    private readonly Weather _weather;
    private readonly Referee _referee;
    private readonly PublishedLimits _limits = new();
    private readonly List<Shelf> _shelves;
    private readonly List<Silo> _silos;
    private readonly int[] _owners = new int[Agents];
    private readonly DateTimeOffset _stormEnds;
    private readonly ulong _seed;
    private int _unanswered;

    private Simulation(ulong seed, Conduct conduct, bool keepsTrace)
    {
        _seed = seed;
        _world = new World(seed, conduct, keepsTrace);
        _weather = new Weather(_world.Dice);
        _referee = new Referee(_world);
        _shelves = [.. Enumerable.Range(0, Agents).Select(agent => new Shelf(_world, _weather, $"agent-{agent}")), new Shelf(_world, _weather, "tenant")];
        _silos = [.. Enumerable.Range(0, Silos).Select(number => new Silo(_world, _weather, number))];
        _referee.Shelves = _shelves;
        _referee.Silos = _silos;
        foreach (var silo in _silos)
        {
            silo.RecallOthers = RecallOthers;
        }

        _stormEnds = _world.Now + Stormy;
    }

    private Dice Dice => _world.Dice;

    /// <summary>Runs a seed.</summary>
    /// <param name="seed">The seed. Everything follows from it.</param>
    /// <param name="conduct">How holders behave. Null: faithfully.</param>
    /// <param name="keepsTrace">Whether somebody is going to read what happened.</param>
    public static SimulationResult Run(ulong seed, Conduct? conduct = null, bool keepsTrace = false) =>
        new Simulation(seed, conduct ?? new Conduct(), keepsTrace).Run();

    private SimulationResult Run()
    {
        _limits.Announce(_world, _referee);
        foreach (var silo in _silos)
        {
            SetClock(silo);
            Refresh(silo);
        }

        for (var number = 0; number < Requests; number++)
        {
            var request = new Request(number, Dice.Below(Agents), 1 + Dice.Below((int)PublishedLimits.MostTokens), Dice.Chance(0.7));
            _world.After(Dice.Between(100, (int)Stormy.TotalMilliseconds), () => Send(request));
        }

        Storm();
        RunUntil(_stormEnds);
        Calm();
        RunUntil(_stormEnds + Calming);
        if (_referee.Violation is null)
        {
            _referee.Require(_unanswered == 0, $"{_unanswered} requests have no answer, long after all is well");
            Wind();
        }

        return new SimulationResult(_seed, _referee.Violation, _world.Trace.Hash, _referee.Granted, _world.Coverage, _world.Trace.Lines);
    }

    private void RunUntil(DateTimeOffset end)
    {
        while (_referee.Violation is null && _world.Step(end))
        {
            _referee.CheckStorage();
            _referee.CheckRoom(_weather);
        }
    }

    // Each silo reads the limits in force every second, as it reads its change feed.
    private void Refresh(Silo silo)
    {
        silo.Learn(_limits.InForce);
        _world.After(TimeSpan.FromSeconds(1), () => Refresh(silo));
    }

    private void Storm() => _world.After(TimeSpan.FromSeconds(1), () =>
    {
        if (_world.IsCalm)
        {
            return;
        }

        foreach (var silo in _silos)
        {
            Trouble(silo);
        }

        if (Dice.Chance(_weather.LimitChange))
        {
            _limits.Change(_world, _referee);
        }

        if (Dice.Chance(_weather.Adjustment) && _limits.Any(Dice) is { } limit)
        {
            Adjust(limit);
        }

        for (var agent = 0; agent < Agents; agent++)
        {
            if (Dice.Chance(_weather.Move))
            {
                Move(agent);
            }
        }

        Storm();
    });

    private void Trouble(Silo silo)
    {
        if (silo.IsUp && Dice.Chance(_weather.Kill))
        {
            silo.Kill();
            _world.After(Dice.Between(500, 15_000), silo.Start);
        }

        if (silo is { IsUp: true, IsPaused: false } && Dice.Chance(_weather.Pause))
        {
            silo.Pause();
            _world.After(Dice.Between(100, 30_000), silo.Continue);
        }

        if (Dice.Chance(_weather.ClockJump))
        {
            var jump = TimeSpan.FromHours(Dice.Chance(0.5) ? 24 : 1) * (Dice.Chance(0.5) ? 1 : -1);
            silo.Offset = jump;
            _referee.OnClock(silo);
            _world.Note(jump > TimeSpan.Zero ? Happening.ClockAhead : Happening.ClockBack, $"{silo}: its clock is off by {jump.TotalHours} h");
            _world.After(Dice.Between(1_000, 40_000), () => SetClock(silo));
        }
    }

    private void SetClock(Silo silo)
    {
        var skew = (int)_weather.Skew.TotalMilliseconds;
        silo.Offset = TimeSpan.FromMilliseconds(Dice.Below((2 * skew) + 1) - skew);
        _referee.OnClock(silo);
        _world.Note($"{silo}: its clock is off by {silo.Offset.TotalMilliseconds} ms");
    }

    private void Move(int agent)
    {
        var from = _silos[_owners[agent]];
        _owners[agent] = Dice.Below(Silos);
        if (_owners[agent] != _silos.IndexOf(from) && from is { IsUp: true, IsPaused: false } && from.Holders.Remove(agent, out var holder))
        {
            _world.Note(Happening.ActivationMoved, $"agent {agent} leaves {from}");
            holder.Close(returned => from.Losses += returned ? 0 : 1);
        }
    }

    private void Send(Request request)
    {
        var copies = Lossy(_weather.MessageDoubled) ? 2 : 1;
        if (copies == 2)
        {
            _world.Note(Happening.MessageDoubled, $"{request} is sent twice");
        }

        for (var copy = 0; copy < copies; copy++)
        {
            if (Lossy(_weather.MessageLost))
            {
                _world.Note(Happening.MessageLost, $"{request} is lost");
                continue;
            }

            var isLate = Lossy(_weather.MessageLate);
            if (isLate)
            {
                _world.Note(Happening.MessageLate, $"{request} is late");
            }

            _world.After(isLate ? Dice.Between(500, 20_000) : Dice.Between(0, 5), () => Arrive(request));
        }
    }

    private void Arrive(Request request)
    {
        var owner = _silos[_owners[request.Agent]];
        if (!owner.IsUp || owner.IsPaused)
        {
            // The cluster gives the agent to another silo; of one that is only paused, its activation is still there when it goes on.
            _owners[request.Agent] = Dice.Below(Silos);
        }

        var number = Lossy(_weather.Misrouted) ? Dice.Below(Silos) : _owners[request.Agent];
        var silo = _silos[number];
        _unanswered++;
        if (!silo.IsUp)
        {
            _unanswered--;
            return;
        }

        var life = silo.Life;
        var answered = false;
        _world.After(Patience, Miss);
        silo.Deliver(life, () => HolderOf(silo, request.Agent).Ask(request, answer =>
        {
            if (!answered)
            {
                (answered, _unanswered) = (true, _unanswered - 1);
                Receive(answer);
            }
        }));

        // The silo died with it: the caller's deadline is its answer. It may die later, too.
        void Miss()
        {
            if (!answered && (silo.Life != life || !silo.IsUp))
            {
                (answered, _unanswered) = (true, _unanswered - 1);
            }
            else if (!answered)
            {
                _world.After(Patience, Miss);
            }
        }
    }

    private Holder HolderOf(Silo silo, int agent)
    {
        silo.Share ??= new Ledger(_world, silo, _shelves[Agents]);
        if (!silo.Holders.TryGetValue(agent, out var holder))
        {
            if (_silos.Exists(other => other != silo && other.Holders.ContainsKey(agent)))
            {
                _world.Note(Happening.SecondActivation, $"agent {agent} is active in {silo} too");
            }

            silo.Holders.Add(agent, holder = new Holder(_world, silo, agent, new Ledger(_world, silo, _shelves[agent]), _referee));
        }

        return holder;
    }

    // The caller makes the call, and tells how it ended: once, twice, or never.
    private void Receive(Answer answer)
    {
        // Whoever asks again waits for the one call that he makes.
        if (answer.Reservation is not { } reservation || answer.IsReplayed)
        {
            return;
        }

        if (Lossy(_weather.AskedAgain))
        {
            _world.After(Dice.Between(0, 30_000), () => Arrive(reservation.Request));
        }

        var duration = Dice.Between(50, 12_000);
        switch (Dice.Below(10))
        {
            case 0:
                break;
            case 1:
                _world.After(duration, () =>
                {
                    _world.Note(Happening.Cancelled, $"{reservation.Request} is cancelled");
                    End(reservation, new Usage(0, 0));
                });
                break;
            default:
                var used = Dice.Chance(0.2) ? reservation.Request.Tokens + 1 + Dice.Below(100) : Dice.Below((int)reservation.Request.Tokens + 1);
                _world.After(duration, () => End(reservation, new Usage(used, 1)));
                break;
        }
    }

    private void End(Reservation reservation, Usage usage)
    {
        _referee.OnCallEnded(reservation);
        var copies = Dice.Chance(0.15) ? 2 : 1;
        for (var copy = 0; copy < copies; copy++)
        {
            _world.After(Dice.Between(0, copy * 500), () => Settle(reservation, usage, 1));
        }
    }

    private void Settle(Reservation reservation, Usage usage, int attempt)
    {
        var holder = reservation.Holder;
        var lives = holder.Silo.IsUp && holder.Silo.Life == holder.Life && !holder.IsClosed;
        void Again(bool acknowledged)
        {
            if (!acknowledged && attempt < 3)
            {
                _world.After(Dice.Between(200, 2_000), () => Settle(reservation, usage, attempt + 1));
            }
        }

        if (lives)
        {
            holder.Silo.Deliver(holder.Life, () => holder.Settle(reservation, usage, Again));
        }
        else if (_silos[Dice.Below(Silos)] is { IsUp: true } other)
        {
            other.Deliver(other.Life, () => HolderOf(other, reservation.Request.Agent).SettleElsewhere(reservation, usage, Again));
        }
    }

    private bool Lossy(double probability) => !_world.IsCalm && Dice.Chance(probability);
}
