using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ControlZero.Load.Http2;

/// <summary>
/// The client's end of one connection, just as much of HTTP/2 as a load generator needs: whole calls go out as encoded once, and of the
/// answers only what tells right from wrong is read. One thread may send while another receives.
/// </summary>
/// <remarks>A general client costs several times the call it makes; on a shared machine it would be measured instead of the server.</remarks>
internal sealed class Http2Connection : IDisposable
{
    private const int DefaultStreams = 100;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Dictionary<int, Exchange> _exchanges = [];
    private readonly Lock _gate = new();
    private readonly OutgoingFrames _outgoing;
    private readonly FrameReader _incoming;
    private readonly RequestHeaders _headers;
    private readonly AnswerCheck _check;
    private int _nextStream = 1;
    private int _streams = DefaultStreams;
    private long _sendWindow = 65_535;
    private int _unreported;
    private bool _greeted;

    private Http2Connection(RequestHeaders headers, AnswerCheck check)
    {
        _headers = headers;
        _check = check;
        _outgoing = new OutgoingFrames(_socket);
        _incoming = new FrameReader(_socket);
    }

    /// <summary>Connects, and returns when the server has told its settings.</summary>
    public static async Task<Http2Connection> ConnectAsync(
        IPEndPoint server, RequestHeaders headers, AnswerCheck check, CancellationToken cancellationToken)
    {
        var connection = new Http2Connection(headers, check);
        try
        {
            await connection._socket.ConnectAsync(server, cancellationToken);
            Handshake.Greet(connection._outgoing);
            while (!connection._greeted)
            {
                await connection.ReceiveAsync(NoCalls.Instance, cancellationToken);
            }

            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Calls without an answer yet.</summary>
    public int InFlight
    {
        get
        {
            lock (_gate)
            {
                return _exchanges.Count;
            }
        }
    }

    /// <summary>Queues a call; <see cref="Flush"/> sends it. False: the server takes no further one now.</summary>
    /// <param name="body">Prefix and message.</param>
    /// <param name="begun">When the call began, or should have: its latency counts from there. Unit: ticks of the stopwatch.</param>
    public bool TryBegin(ReadOnlySpan<byte> body, long begun)
    {
        lock (_gate)
        {
            if (_exchanges.Count >= _streams || _sendWindow < body.Length)
            {
                return false;
            }

            _outgoing.Add(FrameType.Headers, Frame.EndHeaders, _nextStream, _nextStream == 1 ? _headers.First : _headers.Next);
            _outgoing.Add(FrameType.Data, Frame.EndStream, _nextStream, body);
            _exchanges.Add(_nextStream, new Exchange(begun));
            _nextStream += 2;
            _sendWindow -= body.Length;
            return true;
        }
    }

    /// <summary>Sends what is queued.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            _outgoing.Send();
        }
    }

    /// <summary>Waits for the server, reads once what it has sent, and reports the calls that ended.</summary>
    /// <returns>How many ended.</returns>
    public async ValueTask<int> ReceiveAsync(ICallObserver observer, CancellationToken cancellationToken)
    {
        await _incoming.ReadAsync(cancellationToken);
        lock (_gate)
        {
            var ended = 0;
            while (_incoming.TryTake(out var frame, out var payload))
            {
                ended += Take(frame, payload, observer) ? 1 : 0;
            }

            return ended;
        }
    }

    public void Dispose() => _socket.Dispose();

    private bool Take(Frame frame, ReadOnlySpan<byte> payload, ICallObserver observer)
    {
        switch (frame.Type)
        {
            case FrameType.Data:
                TakeData(frame, payload);
                break;
            case FrameType.Headers when frame.EndsStream:
                _exchanges.Remove(frame.Stream, out var exchange);
                observer.OnEnded(exchange.Begun, AnswerCheck.Judge(payload, exchange.Answered));
                return true;
            case FrameType.ResetStream:
                _exchanges.Remove(frame.Stream, out var reset);
                observer.OnEnded(reset.Begun, $"the server reset the call, HTTP/2 error {BinaryPrimitives.ReadInt32BigEndian(payload)}");
                return true;
            case FrameType.WindowUpdate when frame.Stream == 0:
                _sendWindow += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
            default:
                Adopt(frame, payload);
                Handshake.Answer(_outgoing, frame, payload);
                break;
        }

        return false;
    }

    private void TakeData(Frame frame, ReadOnlySpan<byte> payload)
    {
        ref var exchange = ref CollectionsMarshal.GetValueRefOrNullRef(_exchanges, frame.Stream);
        exchange.Answered |= _check.IsRight(payload);
        _unreported += payload.Length;
        if (_unreported > Handshake.ReceiveWindow / 2)
        {
            _outgoing.AddWindowUpdate(0, _unreported);
            _outgoing.Send();
            _unreported = 0;
        }
    }

    private void Adopt(Frame frame, ReadOnlySpan<byte> settings)
    {
        const int maxConcurrentStreams = 3;
        if (frame.Type != FrameType.Settings)
        {
            return;
        }

        for (; settings.Length >= 6; settings = settings[6..])
        {
            if (BinaryPrimitives.ReadInt16BigEndian(settings) == maxConcurrentStreams)
            {
                _streams = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32BigEndian(settings[2..]));
            }
        }

        _greeted = true;
    }

    private struct Exchange(long begun)
    {
        public readonly long Begun = begun;
        public bool Answered;
    }

    private sealed class NoCalls : ICallObserver
    {
        public static readonly NoCalls Instance = new();

        public void OnEnded(long begun, string? failure) => throw new InvalidOperationException("an answer before the first call");
    }
}

/// <summary>Is told of every call that ended.</summary>
internal interface ICallObserver
{
    /// <summary>A call ended. <paramref name="failure"/> is null when its answer was right.</summary>
    void OnEnded(long begun, string? failure);
}
