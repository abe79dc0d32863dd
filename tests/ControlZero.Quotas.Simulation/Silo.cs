using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>A server: a clock that may be wrong, a life that may end, and what it holds. What is sent to it while it is paused waits.</summary>
internal sealed class Silo(World world, int number)
{
    private readonly Queue<(int Life, Action Action)> _waiting = new();
    private DateTimeOffset _readAt;

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

    /// <summary>What it has at hand of the tenant's limits.</summary>
    public Ledger? Share { get; set; }

    public bool IsFresh => world.Conduct.Freshness == TimeSpan.MaxValue || world.Now - _readAt <= world.Conduct.Freshness;

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
        Share = null;
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
