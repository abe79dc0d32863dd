using System.Buffers;
using System.IO.Pipelines;
using ControlZero.Audit.Log;
using ControlZero.Grains.Feed;
using ControlZero.Server.Telemetry;

namespace ControlZero.Server.Audit;

/// <summary>
/// Holds back what a connection sends until the events of the answers in it are durable. A call is over as soon as its answer is written: what waits for
/// the disk is the connection, once for all that is ready, and not each call for itself.
/// </summary>
/// <param name="transport">Where it goes.</param>
/// <param name="instruments">Measure how long.</param>
/// <param name="abort">Ends the connection: an answer that was written may not leave, and nobody shall wait for it.</param>
internal sealed class AnswerGate(PipeWriter transport, EnforceInstruments instruments, Action abort)
{
    // As much as Kestrel would keep for a caller that does not read.
    private const int MostWaiting = 64 << 10;

    private readonly Lock _lock = new();
    private readonly Pipe _waiting = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline, pauseWriterThreshold: MostWaiting, resumeWriterThreshold: MostWaiting / 2, useSynchronizationContext: false));

    private readonly List<Held> _new = [];
    private readonly List<Held> _held = [];

    /// <summary>Where the connection writes.</summary>
    public PipeWriter Output => _waiting.Writer;

    /// <summary>Holds the answer that is written next. To be called before it is.</summary>
    /// <param name="recorded">Its event.</param>
    /// <param name="lease">How long it may leave.</param>
    public void Hold(Task<AuditAppend> recorded, AllowLease lease)
    {
        lock (_lock)
        {
            _new.Add(new Held(recorded, lease));
        }
    }

    /// <summary>Lets through what may leave, until the connection has written its last or was ended.</summary>
    public async Task RunAsync()
    {
        // At the beginning of what waits: so many bytes may leave.
        var (reader, free) = (_waiting.Reader, 0L);
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync();

                // INVARIANT: after the read, so that whatever holds what was read is known.
                Take();
                if (_held.TrueForAll(static held => held.Recorded.IsCompleted))
                {
                    free = read.Buffer.Length;
                }
                else if (free == 0)
                {
                    free = read.Buffer.Length;
                    reader.AdvanceTo(read.Buffer.Start);
                    var begun = instruments.Begin();
                    foreach (var held in _held)
                    {
                        await held.Recorded;
                    }

                    instruments.OnHeld(begun);

                    // Perhaps more may go with it by now.
                    continue;
                }

                if (!MayLeave())
                {
                    abort();
                    return;
                }

                var leaving = read.Buffer.Slice(0, free);
                Write(leaving);
                var isLast = read.IsCompleted && free == read.Buffer.Length;
                reader.AdvanceTo(leaving.End);
                free = 0;
                if (await transport.FlushAsync() is { IsCompleted: true } or { IsCanceled: true } || isLast)
                {
                    return;
                }
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The caller is gone, or the connection was broken off: nobody is there to be sent anything.
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private void Take()
    {
        lock (_lock)
        {
            _held.AddRange(_new);
            _new.Clear();
        }
    }

    // Of those whose events were looked at to the end; they hold nothing any more.
    private bool MayLeave()
    {
        var now = default(Moment);
        foreach (var (recorded, lease) in _held)
        {
            if (recorded.IsCompleted && (!recorded.Result.IsAccepted || lease.IsOverAt(ref now)))
            {
                return false;
            }
        }

        _held.RemoveAll(static held => held.Recorded.IsCompleted);
        return true;
    }

    private void Write(ReadOnlySequence<byte> leaving)
    {
        foreach (var part in leaving)
        {
            transport.Write(part.Span);
        }
    }

    private readonly record struct Held(Task<AuditAppend> Recorded, AllowLease Lease);
}
