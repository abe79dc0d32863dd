using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>A server: a clock that may be wrong, a life that may end, and what it holds. What is sent to it while it is paused waits.</summary>
internal sealed class Silo(World world, Weather weather, int number)
{
    private readonly Queue<(int Life, Action Action)> _waiting = new();
    private readonly int _roomOfAgent = world.Conduct.KeepsToBounds ? weather.RoomOfAgent : int.MaxValue;
    private readonly long _roomOfAll = world.Conduct.KeepsToBounds ? weather.RoomOfSilo : long.MaxValue;
    private ReservationBudget? _budget;
    private DateTimeOffset _readAt;
    private DateTimeOffset _recalledAt = DateTimeOffset.MinValue;

    /// <summary>How far its clock is off.</summary>
    public TimeSpan Offset { get; set; }

    public DateTimeOffset Now => world.Now + Offset;

    /// <summary>Counts its starts.</summary>
    public int Life { get; private set; }

    public bool IsUp { get; private set; } = true;

    public bool IsPaused { get; private set; }

    /// <summary>Writes and holders that were lost in any of its lives: each may have stranded a block.</summary>
    public int Losses { get; set; }

    /// <summary>The limits it knows, and takes for those in force.</summary>
    public IReadOnlyList<QuotaLimit> Limits { get; private set; } = [];

    public Dictionary<int, Holder> Holders { get; } = [];

    /// <summary>Room for reservations, all its activations' together.</summary>
    public ReservationBudget Budget => _budget ??= new ReservationBudget(_roomOfAll);

    /// <summary>What it has at hand of the tenant's limits.</summary>
    public Ledger? Share { get; set; }

    public bool IsFresh => world.Conduct.Freshness == TimeSpan.MaxValue || world.Now - _readAt <= world.Conduct.Freshness;

    /// <summary>Asks the other silos for what they have at hand of the tenant's limits, and then looks what is left.</summary>
    public Action<Silo, Action>? RecallOthers { get; set; }

    /// <summary>True: others may have units at hand, and were not asked for a second.</summary>
    public bool MayRecall => RecallOthers is not null && (world.Now - _recalledAt).Duration() >= TimeSpan.FromSeconds(1);

    /// <summary>Has the others give back what they do not use, and goes on when it has looked at what is left.</summary>
    public void Recall(Action goOn)
    {
        _recalledAt = world.Now;
        var life = Life;
        RecallOthers!(this, () => Deliver(life, () => Share?.Refresh(_ => goOn())));
    }

    /// <summary>Gives back what is at hand of the tenant's limits: another silo has none.</summary>
    public void GiveBack()
    {
        if (Share is not { Account.IsLoaded: true } share)
        {
            return;
        }

        world.Note(Happening.UnitsRecalled, $"{this}: gives back what it has at hand of the tenant's");
        if (!world.Conduct.LetsGoOnRecall)
        {
            share.Shelf.GiveAway();
            return;
        }

        var isPutBack = false;
        share.Submit(
            () =>
            {
                if (share.Account.Pending is not null || isPutBack)
                {
                    return share.Account.Pending ?? (share.Account.IsReturning ? share.Account.Plan([], Now) : null);
                }

                isPutBack = true;
                return share.Account.PlanRecall(Now);
            },
            _ => { });
    }

    /// <summary>The book of a new activation.</summary>
    public ReservationBook OpenBook() => new(Budget, _roomOfAgent);

    public void Learn(IReadOnlyList<QuotaLimit> limits)
    {
        if (IsUp && !IsPaused && (world.Conduct.Freshness != TimeSpan.MaxValue || Limits.Count == 0))
        {
            (Limits, _readAt) = (limits, world.Now);
        }
    }

    /// <summary>Has something happen in it, in the life it was meant for.</summary>
    public void Deliver(int life, Action action)
    {
        if (life != Life || !IsUp)
        {
            return;
        }

        if (IsPaused)
        {
            _waiting.Enqueue((life, action));
        }
        else
        {
            action();
        }
    }

    public void Kill()
    {
        var isWriting = Share?.IsWriting == true || Holders.Values.Any(holder => holder.Ledger.IsWriting);
        world.Note(Happening.SiloKilled, $"{this}: killed");
        if (isWriting)
        {
            world.Coverage.Count(Happening.SiloKilledDuringWrite);
        }

        Losses += Holders.Count + (Share is null ? 0 : 1);
        (IsUp, IsPaused) = (false, false);
        Holders.Clear();
        (Share, _budget) = (null, null);
        _waiting.Clear();
    }

    public void Start()
    {
        if (!IsUp)
        {
            (IsUp, Limits, _readAt) = (true, [], default);
            Life++;
            world.Note($"{this}: starts");
        }
    }

    public void Pause()
    {
        world.Note(Happening.SiloPaused, $"{this}: paused");
        IsPaused = true;
    }

    public void Continue()
    {
        if (!IsPaused)
        {
            return;
        }

        IsPaused = false;
        world.Note($"{this}: goes on");
        while (!IsPaused && _waiting.TryDequeue(out var next))
        {
            Deliver(next.Life, next.Action);
        }
    }

    public override string ToString() => $"silo {number}.{Life}";
}
