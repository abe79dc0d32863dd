namespace ControlZero.Chaos.Records;

/// <summary>
/// The record of a run: a file that is only appended to, JSON lines. A call's first line is in it before the call is sent, so that nothing that
/// was asked for is missing, whatever becomes of the answer.
/// </summary>
internal sealed class RecordWriter : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly TimeProvider _clock;
    private readonly long _begun;
    private readonly DateTimeOffset _begunAt;
    private long _calls;

    public RecordWriter(string path, TimeProvider clock)
    {
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16);
        _clock = clock;
        (_begun, _begunAt) = (clock.GetTimestamp(), clock.GetUtcNow());
    }

    /// <summary>Since the run began. Unit: microseconds.</summary>
    public long Now => (long)_clock.GetElapsedTime(_begun).TotalMicroseconds;

    /// <summary>What the clocks of this machine showed then.</summary>
    /// <param name="at">Since the run began. Unit: microseconds.</param>
    public DateTimeOffset TimeOf(long at) => _begunAt.AddMicroseconds(at);

    /// <summary>When they showed that. Unit: microseconds since the run began.</summary>
    public long When(DateTimeOffset time) => (long)(time - _begunAt).TotalMicroseconds;

    /// <summary>How many calls were made so far.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>A number for a call or a fault.</summary>
    public long NextId() => Interlocked.Increment(ref _calls);

    /// <summary>Appends a line.</summary>
    public void Write(RecordLine line)
    {
        var bytes = RecordFormat.Write(line);
        lock (_gate)
        {
            _file.Write(bytes);
            _file.WriteByte((byte)'\n');
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _file.Dispose();
        }
    }
}
