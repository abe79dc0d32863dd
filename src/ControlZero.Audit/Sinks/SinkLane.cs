using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Wal;
using Microsoft.Extensions.Logging;

namespace ControlZero.Audit.Sinks;

/// <summary>
/// Carries segments from the WAL to one sink, in order, at its own pace. What a sink does not have waits on the disk, so a sink that is gone costs no memory
/// and holds up nobody but itself.
/// </summary>
internal sealed partial class SinkLane : IAsyncDisposable
{
    private const int BlockBytes = 4 << 20;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly IAuditSink _sink;
    private readonly SegmentId _present;
    private readonly TimeSpan _linger;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ILaneLog _log;
    private readonly ConcurrentQueue<WalSegment> _segments = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private ArrayBufferWriter<byte> _block = new();
    private readonly Task _running;
    private volatile bool _closing;
    private long _doneBytes;
    private long _segmentBytes;
    private long _shipped;

    /// <param name="sink">Where to.</param>
    /// <param name="present">Any segment of the generation that is being written.</param>
    /// <param name="linger">How long lines are gathered.</param>
    /// <param name="time">For pauses.</param>
    /// <param name="logger">For what goes wrong.</param>
    /// <param name="log">Whose lane it is.</param>
    public SinkLane(IAuditSink sink, SegmentId present, TimeSpan linger, TimeProvider time, ILogger logger, ILaneLog log)
    {
        (_sink, _present, _linger, _time, _logger, _log) = (sink, present, linger, time, logger, log);
        _running = Task.Run(RunAsync);
    }

    public string Name => _sink.Name;

    /// <summary>Last sequence of the present generation that the sink has.</summary>
    public long Shipped => Volatile.Read(ref _shipped);

    /// <summary>Bytes of lines the sink has, over all segments the lane was given.</summary>
    public long ShippedBytes => Volatile.Read(ref _doneBytes) + Volatile.Read(ref _segmentBytes);

    /// <summary>Bytes of lines of the segments that the lane is done with.</summary>
    public long DoneBytes => Volatile.Read(ref _doneBytes);

    /// <summary>What the last attempt ended with; null while it goes well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Whether the sink has refused this silo for good.</summary>
    public bool IsFenced { get; private set; }

    public void Enqueue(WalSegment segment)
    {
        _segments.Enqueue(segment);
        Wake();
    }

    /// <summary>Says that there may be something to do. Cheap, from any thread.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>No more segments come: done when the sink has all of them, or the token fires.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        _closing = true;
        Wake();
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = FirstPause;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (!_segments.TryPeek(out var segment))
                {
                    if (_closing)
                    {
                        return;
                    }

                    await WaitAsync();
                    continue;
                }

                await ShipAsync(segment);
                Complete(segment);
                pause = FirstPause;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (SinkFencedException fenced) when (_segments.TryPeek(out var segment) && IsPresent(segment.Id))
            {
                (IsFenced, Trouble) = (true, fenced.Message);
                LogFenced(Name, fenced.Message);
                _log.Progressed(this);
                return;
            }
            catch (Exception failure)
            {
                if (Trouble is null)
                {
                    LogTrouble(failure, Name);
                }

                Trouble = failure.Message;
                _log.Progressed(this);
                while (_segments.TryPeek(out var stuck) && _log.MayGiveUp(this, stuck))
                {
                    LogGivenUp(Name, stuck.Id.ToString());
                    Complete(stuck);
                }

                await PauseAsync(pause);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    private void Complete(WalSegment segment)
    {
        _segments.TryDequeue(out _);
        Volatile.Write(ref _segmentBytes, 0);
        Interlocked.Add(ref _doneBytes, segment.Progress.Lines);
        segment.Release();
    }

    private async Task ShipAsync(WalSegment segment)
    {
        // A segment that ended before its first record was committed has no file.
        WalProgress progress;
        while ((progress = segment.Progress) is { IsEmpty: true, IsFinished: false })
        {
            await WaitAsync();
        }

        if (progress.IsEmpty)
        {
            _log.SealedIn(segment);
            return;
        }

        await using var target = await _sink.OpenAsync(segment.Id, segment.Id.PathAt(segment.Created), _stop.Token);
        if (target.IsSealed && !IsPresent(segment.Id) && target.Last < progress.Last)
        {
            await ContinueAsync(segment, progress, target.Last);
            return;
        }

        var at = Skip(segment, progress, target);
        while (!target.IsSealed)
        {
            progress = segment.Progress;
            if (target.IsNearlyFull && !progress.IsFinished)
            {
                _log.EndSegment(segment);
            }

            if (at < progress.End && (progress.IsFinished || !target.IsNearlyFull))
            {
                at = await AppendAsync(segment, target, at, progress);
                await PauseAsync(progress.IsFinished ? TimeSpan.Zero : _linger);
            }
            else if (progress.IsFinished)
            {
                await target.SealAsync(EndLine.Of(progress.First, progress.Last, progress.Head, segment.Header, out _), _stop.Token);
            }
            else
            {
                await WaitAsync();
            }
        }

        Report(segment, segment.Progress.Last, segment.Progress.Lines);
        _log.SealedIn(segment);
    }

    // Another silo sealed it when this one was taken for dead. What it lacks becomes a segment of its own, which goes on with its chain.
    private async Task ContinueAsync(WalSegment segment, WalProgress progress, long last)
    {
        var continuation = WalContinuation.Of(segment, progress, last);
        await using var target = await _sink.OpenAsync(continuation.Id, continuation.Id.PathAt(segment.Created), _stop.Token);
        if (!target.IsSealed)
        {
            if (target.Length == 0)
            {
                await target.AppendAsync(0, continuation.Header, _stop.Token);
            }

            var (at, lines) = (continuation.At, (long)continuation.Header.Length);
            while (at < progress.End)
            {
                // In the same blocks at every attempt, so that what is there is a number of whole ones.
                _block.ResetWrittenCount();
                (at, _) = segment.ReadLines(at, progress, BlockBytes, _block);
                if (target.Length == lines)
                {
                    await target.AppendAsync(lines, _block.WrittenMemory, _stop.Token);
                }

                lines += _block.WrittenCount;
            }

            await target.SealAsync(EndLine.Of(last + 1, progress.Last, progress.Head, continuation.HeaderHash, out _), _stop.Token);
        }

        LogContinued(segment.Id.ToString(), continuation.Id.ToString(), progress.Last - last);
        _log.SealedIn(continuation.ToSegment(segment, progress));
        _log.SealedElsewhere(segment);
    }

    private async Task<long> AppendAsync(WalSegment segment, ISinkSegment target, long at, WalProgress progress)
    {
        _block.ResetWrittenCount();
        var (next, last) = segment.ReadLines(at, progress, BlockBytes, _block);
        await target.AppendAsync(target.Length, _block.WrittenMemory, _stop.Token);
        Report(segment, last, target.Length);
        if (_block.Capacity > 4 * BlockBytes)
        {
            _block = new ArrayBufferWriter<byte>();
        }

        return next;
    }

    // Where in the WAL the sink's last line ends. A sink cuts nothing apart, so that is the end of a frame.
    private static long Skip(WalSegment segment, WalProgress progress, ISinkSegment target)
    {
        var (at, lines) = (0L, 0L);
        Span<byte> header = stackalloc byte[WalFrame.HeaderLength];
        while (lines < target.Length && at < progress.End)
        {
            if (segment.File.Read(header, at) < header.Length || !WalFrame.TryRead(header, out var frame))
            {
                throw new InvalidDataException($"the WAL of {segment.Id} has no frame at byte {at}, where one was committed");
            }

            at += header.Length + frame.Length;
            lines += frame.Length;
        }

        var end = target.IsSealed ? EndLine.Of(progress.First, progress.Last, progress.Head, segment.Header, out _).Length : 0;
        return (target.IsSealed ? progress.IsFinished && target.Length == progress.Lines + end : target.Length == lines)
            ? at
            : throw new SinkFencedException($"segment {segment.Id} is there with {target.Length} bytes{(target.IsSealed ? " and sealed" : "")}, which this silo did not write");
    }

    private void Report(WalSegment segment, long last, long lines)
    {
        Trouble = null;
        Volatile.Write(ref _segmentBytes, lines);
        if (IsPresent(segment.Id))
        {
            Volatile.Write(ref _shipped, last);
        }

        _log.Progressed(this);
    }

    private bool IsPresent(SegmentId id) => id.Generation == _present.Generation && id.Silo == _present.Silo;

    private async Task WaitAsync() => await _wake.Reader.ReadAsync(_stop.Token);

    private async Task PauseAsync(TimeSpan pause)
    {
        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
