using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Wal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlZero.Audit.Log;

/// <summary>
/// A silo's log. Callers fill the open batch; one thread chains it, writes it with one write and one flush, and answers all of them at once. While it flushes,
/// the next batch fills: the busier the log and the slower the disk, the larger the batches. An idle log flushes at once.
/// </summary>
public sealed partial class AuditLog : IAuditLog, ILaneLog, IAsyncDisposable
{
    // A batch past this is closed and the next one begun: nobody waits for more than about this much to be written before his own.
    private const int BatchBytes = 4 << 20;

    private static readonly Task<AuditAppend> Nothing = Task.FromResult(new AuditAppend(AuditOutcome.Durable));
    private static readonly Task<AuditAppend> Taken = Task.FromResult(new AuditAppend(AuditOutcome.Buffered));
    private static readonly Task<AuditAppend> Dropped = Task.FromResult(new AuditAppend(AuditOutcome.Dropped, "the queue of the audit log is full"));
    private static readonly Task<AuditAppend> Full = Refusal("the queue of the audit log is full: entries come faster than the disk takes them");

    private readonly object _gate = new();
    private readonly AuditLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _generation;
    private readonly WalStore _store;
    private readonly SegmentWriter _writer;
    private readonly SinkLane[] _lanes;
    private readonly SinkWaiters? _waiters;
    private readonly LedgerKeeper? _ledger;
    private readonly Queue<EntryBatch> _full = new();
    private readonly Stack<EntryBatch> _free = new();
    private readonly AcceptedCount? _count;
    private readonly Thread _thread;
    private readonly ITimer _tick;
    private EntryBatch _open = new();
    private Task<AuditAppend>? _refusal;
    private int _queuedBytes;
    private long _dropped;
    private bool _waits;
    private bool _ticked;
    private bool _closing;

    private AuditLog(
        AuditLogOptions options, IWalFiles files, IReadOnlyList<IAuditSink> sinks, LedgerKeeper? ledger, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger, _ledger) = (options, time, logger, ledger);
        _generation = options.Generation ?? time.GetUtcNow().ToUnixTimeMilliseconds();
        _store = new WalStore(files, options.SegmentBytes);
        var recovered = WalRecovery.Run(files);
        var waitsForSink = options.Mode is AuditMode.DurableInSink;
        _waiters = waitsForSink ? new SinkWaiters(options.SinkPatience, time, Recycle) : null;
        _lanes = [.. sinks.Select(sink => new SinkLane(
            sink, new SegmentId(options.Silo, _generation, 0), waitsForSink ? TimeSpan.Zero : sink.Linger, time, logger, this))];
        Adopt(recovered);
        _writer = new SegmentWriter(options, _generation, _store, time, Readers, Begun, Released);
        _committed = new AuditPosition(options.Silo, _generation, 0);
        _ledger?.Open(options.Silo, _generation);
        RecoverLosses();
        _count = options.Mode is AuditMode.Buffered ? AcceptedCount.Create(options.WalDirectory, options.Silo, _generation) : null;
        _thread = new Thread(Run) { IsBackground = true, Name = "controlzero-audit" };
        _thread.Start();
        var second = TimeSpan.FromSeconds(1);
        _tick = time.CreateTimer(_ => Tick(), null, second, second);
    }

    /// <inheritdoc/>
    public event Action<AuditPosition>? Readable;

    /// <inheritdoc/>
    public bool IsPrompt
    {
        get
        {
            var began = Volatile.Read(ref _commitBegan);
            return _options.Mode is AuditMode.Durable
                && Volatile.Read(ref _trouble) is null
                && !Volatile.Read(ref _isNearlyFull)
                && (began == 0 || _time.GetElapsedTime(began) < PromptCommit);
        }
    }

    /// <inheritdoc/>
    public AuditLogStatus Status
    {
        get
        {
            lock (_gate)
            {
                return new AuditLogStatus
                {
                    Committed = _committed,
                    Shipped = _lanes.Min(lane => lane.Shipped),
                    SpilledBytes = Math.Max(0, Volatile.Read(ref _walBytes) - _lanes.Min(lane => lane.ShippedBytes)),
                    Dropped = _lost,
                    Trouble = _refusal?.Result.Reason ?? _trouble,
                    SinkTrouble = Array.Find(_lanes, lane => lane.Trouble is not null)?.Trouble,
                };
            }
        }
    }

    /// <summary>Recovers what a killed silo left in the WAL and begins a generation.</summary>
    /// <param name="options">Checked here.</param>
    /// <param name="sinks">Where segments go: one or more. An answer that waits for a sink waits for the first that has it.</param>
    /// <param name="ledger">Where heads are recorded; null: nowhere, and a cut end of the log is not found.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Default: none.</param>
    /// <exception cref="ArgumentException">The settings, with every fault.</exception>
    /// <exception cref="IOException">The WAL directory cannot be used.</exception>
    public static AuditLog Start(AuditLogOptions options, IReadOnlyList<IAuditSink> sinks, LedgerKeeper? ledger, TimeProvider time, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Start(options, new DiskWalFiles(options.WalDirectory), sinks, ledger, time, logger);
    }

    internal static AuditLog Start(
        AuditLogOptions options, IWalFiles files, IReadOnlyList<IAuditSink> sinks, LedgerKeeper? ledger, TimeProvider time, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(sinks);
        ArgumentNullException.ThrowIfNull(time);
        var faults = options.Faults().Concat(sinks.Count == 0 ? ["sinks is empty: at least one"] : []).ToArray();
        return faults.Length == 0
            ? new AuditLog(options, files, sinks, ledger, time, logger ?? NullLogger.Instance)
            : throw new ArgumentException($"the audit log cannot start: {string.Join("; ", faults)}", nameof(options));
    }

    /// <inheritdoc/>
    public Task<AuditAppend> AppendAsync(in AuditEntry entry)
    {
        Check(entry);
        lock (_gate)
        {
            if (Refuse(entry.Body.Length, 1) is { } refused)
            {
                return refused;
            }

            var before = _open.Bytes;
            _open.Add(entry);
            return Queued(before, 1);
        }
    }

    /// <inheritdoc/>
    public Task<AuditAppend> AppendAsync(ReadOnlySpan<AuditEntry> entries)
    {
        var bytes = 0L;
        foreach (ref readonly var entry in entries)
        {
            Check(entry);
            bytes += entry.Body.Length;
        }

        if (entries.IsEmpty)
        {
            return Nothing;
        }

        lock (_gate)
        {
            if (Refuse(bytes, entries.Length) is { } refused)
            {
                return refused;
            }

            var before = _open.Bytes;
            foreach (ref readonly var entry in entries)
            {
                _open.Add(entry);
            }

            return Queued(before, entries.Length);
        }
    }

    /// <summary>Writes what is queued, ends the segment, gives the sinks <see cref="AuditLogOptions.CloseTimeout"/> to take it, and closes. Later entries are refused.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closing)
            {
                return;
            }

            _closing = true;
            _refusal = Refusal("the audit log is closed");
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        await _tick.DisposeAsync();
        using var patience = new CancellationTokenSource(_options.CloseTimeout, _time);
        await Task.WhenAll(_lanes.Select(lane => lane.DrainAsync(patience.Token)));
        foreach (var lane in _lanes)
        {
            await lane.DisposeAsync();
        }

        _waiters?.Dispose();
        _count?.Dispose();
        if (_ledger is not null)
        {
            await _ledger.CloseAsync(patience.Token);
        }

        LetGo();
        _store.Dispose();
    }

    private static Task<AuditAppend> Refusal(string reason) => Task.FromResult(new AuditAppend(AuditOutcome.Unavailable, reason));

    private static void Check(in AuditEntry entry)
    {
        var body = entry.Body.Span;
        if (body.Length is < 2 or > AuditEntry.LongestBody || body[0] != '{' || body[^1] != '}' || body.Contains((byte)'\n'))
        {
            throw new ArgumentException(
                $"an event's body is one JSON object of at most {AuditEntry.LongestBody} bytes without a line feed; this one has {body.Length} bytes", nameof(entry));
        }

        if (entry.Tenant.Value is null)
        {
            throw new ArgumentException("the entry names no tenant", nameof(entry));
        }
    }

    private Task<AuditAppend>? Refuse(long bytes, int count)
    {
        if (_refusal is not null)
        {
            return _refusal;
        }

        if (_queuedBytes + bytes <= _options.QueueBytes)
        {
            return null;
        }

        if (_options.Mode is not AuditMode.Buffered)
        {
            return Full;
        }

        _dropped += count;
        _lost += count;
        _count?.Accept(count);
        return Dropped;
    }

    private Task<AuditAppend> Queued(int before, int count)
    {
        var batch = _open;
        _count?.Accept(count);
        var answer = _options.Mode is AuditMode.Buffered ? Taken : batch.Completion;
        _queuedBytes += batch.Bytes - before;
        if (batch.Bytes >= BatchBytes)
        {
            _full.Enqueue(batch);
            _open = Free();
        }

        if (_waits)
        {
            _waits = false;
            Monitor.Pulse(_gate);
        }

        return answer;
    }

    // Of a segment's file: the lanes, and the ledger's record.
    private int Readers => _lanes.Length + (_ledger is null ? 0 : 1);

    private EntryBatch Free() => _free.TryPop(out var batch) ? batch : new EntryBatch();
}
