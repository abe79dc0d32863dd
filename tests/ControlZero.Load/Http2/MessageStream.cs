using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ControlZero.Load.Http2;

/// <summary>
/// The client's end of one call that streams both ways, on a connection of its own. Few messages are ever under way, so the windows of
/// HTTP/2 (768 KiB here, 1 GiB there) are never used up between two of the server's updates.
/// </summary>
internal sealed class MessageStream : IDisposable
{
    private const int Stream = 1;
    private const int PrefixLength = 5;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly OutgoingFrames _outgoing;
    private readonly FrameReader _incoming;
    private readonly AnswerCheck _check;
    private byte[] _messages = new byte[64 * 1024];
    private int _length;
    private int _unreported;

    private MessageStream(AnswerCheck check)
    {
        _outgoing = new OutgoingFrames(_socket);
        _incoming = new FrameReader(_socket);
        _check = check;
    }

    /// <summary>True when the server has ended the call.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Connects and begins the call.</summary>
    public static async Task<MessageStream> OpenAsync(
        IPEndPoint server, RequestHeaders headers, AnswerCheck check, CancellationToken cancellationToken)
    {
        var stream = new MessageStream(check);
        try
        {
            await stream._socket.ConnectAsync(server, cancellationToken);
            Handshake.Greet(stream._outgoing);
            stream._outgoing.Add(FrameType.Headers, Frame.EndHeaders, Stream, headers.First);
            stream._outgoing.Send();
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Queues a message; <see cref="Flush"/> sends it.</summary>
    public void Add(ReadOnlySpan<byte> body) => _outgoing.Add(FrameType.Data, 0, Stream, body);

    /// <summary>Sends what is queued.</summary>
    public void Flush() => _outgoing.Send();

    /// <summary>Says that no message follows.</summary>
    public void Complete()
    {
        _outgoing.Add(FrameType.Data, Frame.EndStream, Stream, []);
        _outgoing.Send();
    }

    /// <summary>Reads once, and reports every answer.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="IOException">The server ended the call with an error.</exception>
    public async ValueTask<int> ReceiveAsync(Action<string?> onAnswer, CancellationToken cancellationToken)
    {
        await _incoming.ReadAsync(cancellationToken);
        var answers = 0;
        while (_incoming.TryTake(out var frame, out var payload))
        {
            if (frame.Type == FrameType.Data)
            {
                Keep(payload);
                answers += TakeMessages(onAnswer);
            }
            else if (frame.EndsStream || frame.Type == FrameType.ResetStream)
            {
                HasEnded = AnswerCheck.Judge(payload, answered: true) is { } failure ? throw new IOException(failure) : true;
            }
            else
            {
                Handshake.Answer(_outgoing, frame, payload);
            }
        }

        return answers;
    }

    public void Dispose() => _socket.Dispose();

    private void Keep(ReadOnlySpan<byte> data)
    {
        if (_length + data.Length > _messages.Length)
        {
            Array.Resize(ref _messages, (_length + data.Length) * 2);
        }

        data.CopyTo(_messages.AsSpan(_length));
        _length += data.Length;
        _unreported += data.Length;
        if (_unreported > Handshake.ReceiveWindow / 2)
        {
            _outgoing.AddWindowUpdate(0, _unreported);
            _outgoing.AddWindowUpdate(Stream, _unreported);
            _unreported = 0;
        }
    }

    private int TakeMessages(Action<string?> onAnswer)
    {
        var answers = 0;
        var rest = _messages.AsSpan(0, _length);
        while (rest.Length >= PrefixLength)
        {
            var whole = PrefixLength + BinaryPrimitives.ReadInt32BigEndian(rest[1..]);
            if (rest.Length < whole)
            {
                break;
            }

            onAnswer(_check.IsRight(rest[..whole]) ? null : "another message of the stream than expected");
            answers++;
            rest = rest[whole..];
        }

        rest.CopyTo(_messages);
        _length = rest.Length;
        return answers;
    }
}
