using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Log;

namespace ControlZero.Server.Tests.Audit;

/// <summary>A log in memory, whose entries are durable when the test says so.</summary>
internal sealed class MemoryLog : IAuditLog
{
    private readonly Lock _gate = new();
    private readonly List<AuditEvent> _events = [];
    private readonly List<int> _appends = [];

    /// <summary>What becomes of entries. Default: they are durable at once.</summary>
    public Func<int, Task<AuditAppend>> Outcome { get; set; } = _ => Task.FromResult(new AuditAppend(AuditOutcome.Durable));

    /// <summary>Every event, in order.</summary>
    public IReadOnlyList<AuditEvent> Events
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>How many entries each append brought.</summary>
    public IReadOnlyList<int> Appends
    {
        get
        {
            lock (_gate)
            {
                return [.. _appends];
            }
        }
    }

    public bool IsPrompt
    {
        get
        {
            PromptnessAsked();
            return field;
        }

        set;
    }

    /// <summary>Told each time somebody asks whether to wait for an entry.</summary>
    public Action PromptnessAsked { get; set; } = () => { };

    public AuditLogStatus Status => new() { Committed = new AuditPosition("memory", 1, 0), Shipped = 0, SpilledBytes = 0, Dropped = 0 };

    public event Action<AuditPosition>? Readable
    {
        add
        {
        }

        remove
        {
        }
    }

    public Task<AuditAppend> AppendAsync(in AuditEntry entry) => AppendAsync([entry]);

    public Task<AuditAppend> AppendAsync(ReadOnlySpan<AuditEntry> entries)
    {
        int append;
        lock (_gate)
        {
            append = _appends.Count;
            _appends.Add(entries.Length);
            foreach (ref readonly var entry in entries)
            {
                // Copied, as the real one does: the buffer is the caller's.
                _events.Add(EventJson.Read(entry.Body.ToArray(), entry.Tenant.Value, entry.Time, "memory"));
            }
        }

        return Outcome(append);
    }
}
