using System.Collections.Concurrent;
using ControlZero.Client.Routing;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Client.Transport;

/// <summary>Messages and their answers over one stream, told apart by their number. Safe for several callers at once.</summary>
internal sealed class StreamExchange : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<EnforceStreamRequest, EnforceStreamResponse> _call;
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<EnforceStreamResponse?>> _waiting = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TimeSpan _patience;
    private readonly TimeProvider _clock;
    private readonly Task _reading;
    private ulong _last;
    private volatile bool _isOver;

    /// <param name="call">The stream.</param>
    /// <param name="endpoint">Where it leads to.</param>
    /// <param name="patience">How long the end waits for answers that are under way.</param>
    /// <param name="clock">Measures it.</param>
    public StreamExchange(
        AsyncDuplexStreamingCall<EnforceStreamRequest, EnforceStreamResponse> call, Endpoint endpoint, TimeSpan patience, TimeProvider clock)
    {
        (_call, Endpoint, _patience, _clock) = (call, endpoint, patience, clock);
        _reading = ReadAsync();
    }

    /// <summary>Where the stream leads to.</summary>
    public Endpoint Endpoint { get; }

    /// <summary>Whether the stream has ended, in whatever way.</summary>
    public bool IsOver => _isOver;

    /// <summary>Sends a message and waits for its answer. Null: the stream is over, and nobody knows what became of it.</summary>
    public async Task<EnforceStreamResponse?> AskAsync(EnforceStreamRequest message, CancellationToken cancellationToken)
    {
        message.CorrelationId = Interlocked.Increment(ref _last);
        var answer = new TaskCompletionSource<EnforceStreamResponse?>(TaskCreationOptions.RunContinuationsAsynchronously);

        // INVARIANT: first in the book, then a look whether the stream is over. Its end looks through the book after it was noted.
        _waiting[message.CorrelationId] = answer;
        try
        {
            if (_isOver)
            {
                return null;
            }

            _ = WriteAsync(message, answer);
            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _waiting.TryRemove(message.CorrelationId, out _);
        }
    }

    /// <summary>Sends nothing more, waits for the answers that are under way, and closes the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        await ((Task)CompleteAsync().WaitAsync(_patience, _clock)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _call.Dispose();
        await _reading.ConfigureAwait(false);
    }

    private async Task CompleteAsync()
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await _call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }

        await _reading.ConfigureAwait(false);
    }

    // Without the caller's token: it would reset the stream of all others.
    private async Task WriteAsync(EnforceStreamRequest message, TaskCompletionSource<EnforceStreamResponse?> answer)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            // A caller that has gone meanwhile asks nothing.
            if (_waiting.ContainsKey(message.CorrelationId))
            {
                await _call.RequestStream.WriteAsync(message).ConfigureAwait(false);
            }
        }
        catch (Exception over) when (over is ControlZeroException or InvalidOperationException or IOException or OperationCanceledException)
        {
            answer.TrySetResult(null);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
            {
                if (_waiting.TryGetValue(_call.ResponseStream.Current.CorrelationId, out var waiting))
                {
                    waiting.TrySetResult(_call.ResponseStream.Current);
                }
            }
        }
        catch (Exception over) when (over is ControlZeroException or InvalidOperationException or IOException or OperationCanceledException)
        {
            // Whatever ended it: what is asked now is asked by single calls, which say what is wrong.
        }
        finally
        {
            _isOver = true;
            foreach (var waiting in _waiting.Values)
            {
                waiting.TrySetResult(null);
            }
        }
    }
}
