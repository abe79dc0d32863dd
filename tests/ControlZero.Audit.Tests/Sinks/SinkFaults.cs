namespace ControlZero.Audit.Tests.Sinks;

/// <summary>What goes wrong with an append, by seed.</summary>
internal sealed class SinkFaults
{
    private readonly Lock _lock = new();
    private Func<SinkFault> _next = () => SinkFault.None;

    /// <summary>Appends that met a fault.</summary>
    public int Met { get; private set; }

    /// <summary>Completes when an append hangs.</summary>
    public TaskCompletionSource Hung { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Always(SinkFault fault) => Set(() => fault);

    public void Heal() => Always(SinkFault.None);

    /// <summary>About two of three appends fail, one way or another; never two hours on end.</summary>
    public void AtRandom(int seed)
    {
        var random = new Random(seed);
        SinkFault[] kinds = [SinkFault.None, SinkFault.Refuse, SinkFault.LoseReply];
        Set(() => kinds[random.Next(kinds.Length)]);
    }

    /// <summary>Suffers what is due; false when the append must not be made.</summary>
    public async Task<bool> SufferAsync(Func<Task> append, CancellationToken cancellationToken)
    {
        SinkFault fault;
        lock (_lock)
        {
            fault = _next();
            Met += fault is SinkFault.None ? 0 : 1;
        }

        switch (fault)
        {
            case SinkFault.Refuse:
                throw new IOException("the sink refuses");
            case SinkFault.LoseReply:
                await append();
                throw new IOException("the connection was reset");
            case SinkFault.BlackHole:
                Hung.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                return false;
            default:
                await append();
                return true;
        }
    }

    private void Set(Func<SinkFault> next)
    {
        lock (_lock)
        {
            _next = next;
        }
    }
}

internal enum SinkFault
{
    None,
    Refuse,
    LoseReply,
    BlackHole,
}
