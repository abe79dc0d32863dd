namespace ControlZero.Quotas.Simulation;

/// <summary>A run's true time and what is still to happen in it. One thread; things of one moment happen in the order they were asked for.</summary>
internal sealed class World(ulong seed, Conduct conduct, bool keepsTrace)
{
    private readonly PriorityQueue<Action, (long Ticks, long Order)> _events = new();
    private long _order;

    public Dice Dice { get; } = new(seed);

    /// <summary>How those who hold accounts behave.</summary>
    public Conduct Conduct { get; } = conduct;

    public Coverage Coverage { get; } = new();

    public Trace Trace { get; } = new(keepsTrace);

    /// <summary>True time, which nobody in the run but the referee knows. It begins shortly before an hour, and with it a window, ends.</summary>
    public DateTimeOffset Now { get; private set; } = new(2026, 3, 2, 10, 58, 30, TimeSpan.Zero);

    /// <summary>True once nothing goes wrong any more.</summary>
    public bool IsCalm { get; set; }

    public void After(TimeSpan delay, Action action) => _events.Enqueue(action, ((Now + delay).UtcTicks, _order++));

    /// <summary>Lets the next thing happen, if there is one before the end.</summary>
    public bool Step(DateTimeOffset end)
    {
        if (!_events.TryPeek(out _, out var due) || due.Ticks > end.UtcTicks)
        {
            return false;
        }

        Now = new DateTimeOffset(due.Ticks, TimeSpan.Zero);
        _events.Dequeue()();
        return true;
    }

    public void Note(string line) => Trace.Note(Now, line);

    public void Note(Happening happening, string line)
    {
        Coverage.Count(happening);
        Note(line);
    }
}
