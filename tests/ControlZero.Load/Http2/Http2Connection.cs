using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace ControlZero.Load.Http2;

/// <summary>
/// The client's end of one connection, just as much of HTTP/2 as a load generator needs: whole calls go out as encoded once, and of the
/// answers only what tells right from wrong is read. One thread may send while another receives.
/// </summary>
/// <remarks>A general client costs several times the call it makes; on a shared machine it would be measured instead of the server.</remarks>
internal sealed class Http2Connection : IDisposable
{
    private const int ReceiveWindow = 1 << 30;
    private const int DefaultStreams = 100;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Dictionary<int, Exchange> _exchanges = [];
    private readonly Lock _gate = new();
    private readonly OutgoingFrames _outgoing;
    private readonly RequestHeaders _headers;
    private readonly AnswerCheck _check;
    private byte[] _incoming = new byte[256 * 1024];
    private int _received;
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
    }

    /// <summary>Connects, and returns when the server has told its settings.</summary>
    public static async Task<Http2Connection> ConnectAsync(
        IPEndPoint server, RequestHeaders headers, AnswerCheck check, CancellationToken cancellationToken)
    {
        var connection = new Http2Connection(headers, check);
        try
        {
            await connection._socket.ConnectAsync(server, cancellationToken);
            connection.Greet();
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
        if (_received == _incoming.Length)
        {
            Array.Resize(ref _incoming, _incoming.Length * 2);
        }

        var read = await _socket.ReceiveAsync(_incoming.AsMemory(_received), SocketFlags.None, cancellationToken);
        if (read == 0)
        {
            throw new IOException("the server closed the connection");
        }

        _received += read;
        lock (_gate)
        {
            return ReadFrames(observer);
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Greet()
    {
        _outgoing.AddRaw(Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));

        // SETTINGS_HEADER_TABLE_SIZE 0: trailers come as literals that can be read without a table. SETTINGS_INITIAL_WINDOW_SIZE: no answer waits.
        Span<byte> settings = stackalloc byte[12];
        BinaryPrimitives.WriteInt16BigEndian(settings, 1);
        BinaryPrimitives.WriteInt16BigEndian(settings[6..], 4);
        BinaryPrimitives.WriteInt32BigEndian(settings[8..], ReceiveWindow);
        _outgoing.Add(FrameType.Settings, 0, 0, settings);
        _outgoing.AddWindowUpdate(ReceiveWindow);
        _outgoing.Send();
    }

    private int ReadFrames(ICallObserver observer)
    {
        var ended = 0;
        var rest = _incoming.AsSpan(0, _received);
        while (rest.Length >= Frame.HeaderLength)
        {
            var frame = Frame.Read(rest);
            if (rest.Length < Frame.HeaderLength + frame.Length)
            {
                break;
            }

            ended += Take(frame, rest.Slice(Frame.HeaderLength, frame.Length), observer) ? 1 : 0;
            rest = rest[(Frame.HeaderLength + frame.Length)..];
        }

        rest.CopyTo(_incoming);
        _received = rest.Length;
        return ended;
    }

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
            case FrameType.Settings when (frame.Flags & Frame.Acknowledged) == 0:
                Adopt(payload);
                _outgoing.Add(FrameType.Settings, Frame.Acknowledged, 0, []);
                _outgoing.Send();
                break;
            case FrameType.Ping when (frame.Flags & Frame.Acknowledged) == 0:
                _outgoing.Add(FrameType.Ping, Frame.Acknowledged, 0, payload);
                _outgoing.Send();
                break;
            case FrameType.GoAway:
                throw new IOException($"the server ended the connection, HTTP/2 error {BinaryPrimitives.ReadInt32BigEndian(payload[4..])}");
            case FrameType.WindowUpdate when frame.Stream == 0:
                _sendWindow += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
        }

        return false;
    }

    private void TakeData(Frame frame, ReadOnlySpan<byte> payload)
    {
        ref var exchange = ref CollectionsMarshal.GetValueRefOrNullRef(_exchanges, frame.Stream);
        exchange.Answered |= _check.IsRight(payload);
        _unreported += payload.Length;
        if (_unreported > ReceiveWindow / 2)
        {
            _outgoing.AddWindowUpdate(_unreported);
            _outgoing.Send();
            _unreported = 0;
        }
    }

    private void Adopt(ReadOnlySpan<byte> settings)
    {
        const int maxConcurrentStreams = 3;
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
