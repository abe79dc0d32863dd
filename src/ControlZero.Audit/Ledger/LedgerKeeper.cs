using System.Threading.Channels;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Wal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlZero.Audit.Ledger;

/// <summary>
/// Writes a silo's records into the ledger, beside the log and never in its way: while the ledger cannot be reached, records wait here, the newest checkpoint
/// standing for those before it.
/// </summary>
public sealed partial class LedgerKeeper : IDisposable
{
    // A segment's WAL stays until the ledger has it, up to this many; past that only the record waits.
    private const int HeldSegments = 16;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly LedgerWriter _writer;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Queue<(LedgerRecord Record, WalSegment? Segment)> _pending = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private string _silo = "";
    private long _generation;
    private (long Sequence, ChainHash Head) _reached;
    private long _recorded;
    private long _recordedAt;
    private LedgerRecord? _checkpoint;
    private volatile bool _closing;

    /// <param name="store">Shared by all silos of the cluster.</param>
    /// <param name="key">Signs each record; null: unsigned, which finds accidents and not tampering.</param>
    /// <param name="interval">Time between two checkpoints.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Default: none.</param>
    public LedgerKeeper(ILedgerStore store, LedgerKey? key, TimeSpan interval, TimeProvider time, ILogger? logger = null)
    {
        (_interval, _time, _logger) = (interval, time, logger ?? NullLogger.Instance);
        _writer = new LedgerWriter(store, key);
    }

    /// <summary>Records that wait for the ledger.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
            {
                return _pending.Count;
            }
        }
    }

    internal void Open(string silo, long generation)
    {
        (_silo, _generation, _recordedAt) = (silo, generation, _time.GetTimestamp());
        Enqueue(Record(LedgerRecord.Open), null);
        _running = Task.Run(RunAsync);
    }

    /// <summary>The log's head is durable up to here.</summary>
    internal void Reached(long sequence, ChainHash head)
    {
        lock (_lock)
        {
            _reached = (sequence, head);
            if (_time.GetElapsedTime(_recordedAt) >= _interval)
            {
                Checkpoint();
            }
        }
    }

    /// <summary>A segment is final in a sink. Its WAL is released when the ledger says so.</summary>
    internal void Sealed(WalSegment segment)
    {
        var progress = segment.Progress;
        EndLine.Of(progress.First, progress.Last, progress.Head, segment.Header, out var end);
        var record = Record(LedgerRecord.Sealed) with
        {
            Silo = segment.Id.Silo,
            Generation = segment.Id.Generation,
            Segment = segment.Id.Number,
            First = progress.First,
            Last = progress.Last,
            Head = progress.Head,
            End = end,
        };
        bool holds;
        lock (_lock)
        {
            holds = _pending.Count(pending => pending.Segment is not null) < HeldSegments;
        }

        Enqueue(record, holds ? segment : null);
        if (!holds)
        {
            segment.Release();
        }
    }

    /// <summary>A last checkpoint, and all that is pending, until the token fires.</summary>
    internal async Task CloseAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Checkpoint();
            _closing = true;
        }

        _wake.Writer.TryWrite(true);
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>To be called after the log that uses it was closed.</summary>
    public void Dispose() => _stop.Dispose();

    private LedgerRecord Record(string kind) => new() { Kind = kind, Time = _time.GetUtcNow(), Silo = _silo, Generation = _generation };

    private void Checkpoint()
    {
        if (_reached.Sequence == _recorded)
        {
            return;
        }

        (_recorded, _recordedAt) = (_reached.Sequence, _time.GetTimestamp());
        // One that still waits is replaced: the last one says it all.
        _checkpoint = Record(LedgerRecord.Checkpoint) with { Last = _reached.Sequence, Head = _reached.Head };
        _wake.Writer.TryWrite(true);
    }

    private void Enqueue(LedgerRecord record, WalSegment? segment)
    {
        lock (_lock)
        {
            _pending.Enqueue((record, segment));
        }

        _wake.Writer.TryWrite(true);
    }

    private async Task RunAsync()
    {
        var pause = FirstPause;
        while (true)
        {
            try
            {
                if (Next() is not { } next)
                {
                    if (_closing)
                    {
                        return;
                    }

                    await _wake.Reader.ReadAsync(_stop.Token);
                    continue;
                }

                await _writer.AppendAsync(next, _stop.Token);
                Done(next);
                pause = FirstPause;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogUnreachable(failure, Pending);
                await Task.Delay(pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    private LedgerRecord? Next()
    {
        lock (_lock)
        {
            return _pending.TryPeek(out var next) ? next.Record : _checkpoint;
        }
    }

    private void Done(LedgerRecord record)
    {
        WalSegment? segment = null;
        lock (_lock)
        {
            if (ReferenceEquals(record, _checkpoint))
            {
                _checkpoint = null;
            }
            else if (record.Kind != LedgerRecord.Checkpoint)
            {
                segment = _pending.Dequeue().Segment;
            }
        }

        segment?.Release();
    }

    [LoggerMessage(7201, LogLevel.Error, "the audit ledger cannot be written; {Pending} records wait for it")]
    private partial void LogUnreachable(Exception failure, int pending);
}
