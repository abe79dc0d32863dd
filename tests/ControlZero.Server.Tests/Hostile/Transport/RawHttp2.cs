using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace ControlZero.Server.Tests.Hostile.Transport;

/// <summary>A client that says what no library would: every frame is made by hand. Everything it waits for is bounded.</summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    public const string EnforcePath = "/controlzero.v1.EnforcementService/Enforce";

    private const int MaxFrame = 16 * 1024;
    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(180));
    private int _nextStream = 1;
    private Http2Error? _goAway;

    private RawHttp2(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    /// <summary>The bytes below the frames.</summary>
    public NetworkStream Bytes => _stream;

    public CancellationToken Limit => _limit.Token;

    /// <summary>A connection on which nothing was said yet.</summary>
    public static async Task<RawHttp2> OpenAsync(Uri address)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port);
        return new RawHttp2(client);
    }

    /// <summary>A connection that has said its preface and its settings (no dynamic table, so that answers can be read).</summary>
    public static async Task<RawHttp2> ConnectAsync(Uri address, uint initialWindow = 65_535)
    {
        var raw = await OpenAsync(address);
        await raw._stream.WriteAsync(Preface, raw.Limit);
        await raw.WriteAsync(FrameType.Settings, 0, 0, Settings((1, 0), (4, initialWindow)));
        return raw;
    }

    public static byte[] Settings(params (ushort Id, uint Value)[] settings)
    {
        var payload = new byte[settings.Length * 6];
        for (var i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(i * 6), settings[i].Id);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan((i * 6) + 2), settings[i].Value);
        }

        return payload;
    }

    /// <summary>A message with gRPC's prefix of five bytes.</summary>
    public static byte[] Message(byte[] message, bool compressed = false)
    {
        var framed = new byte[message.Length + 5];
        framed[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, 5);
        return framed;
    }

    /// <summary>The header block of a gRPC call.</summary>
    public static byte[] CallBlock(string path, IEnumerable<(string Name, byte[] Value)> headers, string authority = "localhost") => Hpack.Encode(
    [
        (":method", "POST"u8.ToArray()), (":scheme", "http"u8.ToArray()), (":path", Encoding.ASCII.GetBytes(path)),
        (":authority", Encoding.ASCII.GetBytes(authority)), ("content-type", "application/grpc"u8.ToArray()), ("te", "trailers"u8.ToArray()),
        .. headers,
    ]);

    public static (string Name, byte[] Value) Key(string key) => ("authorization", Encoding.ASCII.GetBytes($"Bearer {key}"));

    public int NewStream() => (_nextStream += 2) - 2;

    public ValueTask WriteAsync(FrameType type, byte flags, int stream, byte[] payload) =>
        _stream.WriteAsync(new Frame(type, flags, stream, payload).ToBytes(), Limit);

    public ValueTask WriteAsync(IEnumerable<Frame> frames) => _stream.WriteAsync(frames.SelectMany(frame => frame.ToBytes()).ToArray(), Limit);

    /// <summary>The frames of a header block, of any length.</summary>
    public static IEnumerable<Frame> HeaderFrames(int stream, byte[] block, bool endStream = false)
    {
        var chunks = block.Chunk(MaxFrame).ToList();
        for (var i = 0; i < chunks.Count; i++)
        {
            var flags = (byte)((i == chunks.Count - 1 ? Frame.EndHeaders : 0) | (i == 0 && endStream ? Frame.EndStream : 0));
            yield return new Frame(i == 0 ? FrameType.Headers : FrameType.Continuation, flags, stream, chunks[i]);
        }
    }

    /// <summary>One unary call, to its end; a server that hangs up while we still write is an answer too.</summary>
    public async Task<RawAnswer> CallAsync(
        string path,
        byte[] message,
        IEnumerable<(string Name, byte[] Value)> headers,
        bool compressed = false,
        string authority = "localhost")
    {
        var stream = NewStream();
        try
        {
            await WriteAsync(HeaderFrames(stream, CallBlock(path, headers, authority)));
            var chunks = Message(message, compressed).Chunk(MaxFrame).ToList();
            await WriteAsync(chunks.Select((chunk, i) => new Frame(FrameType.Data, i == chunks.Count - 1 ? Frame.EndStream : (byte)0, stream, chunk)));
        }
        catch (IOException)
        {
            // What the server said before it hung up is read below.
        }

        return await ReadAnswerAsync(stream);
    }

    /// <summary>
    /// Writes the same kind of bytes over and over, reading what comes meanwhile. Ends when the server hangs up or says GOAWAY; says how many went out.
    /// </summary>
    public async Task<int> FloodAsync(Func<byte[]> next, int atMost)
    {
        var goAway = ReadGoAwayAsync();
        var sent = 0;
        try
        {
            for (; sent < atMost && !goAway.IsCompleted; sent++)
            {
                await _stream.WriteAsync(next(), Limit);
            }
        }
        catch (IOException)
        {
            // The server hung up: the end that was waited for.
        }

        _goAway = await goAway;
        return sent;
    }

    /// <summary>Reads until the stream or the connection has ended.</summary>
    public async Task<RawAnswer> ReadAnswerAsync(int stream)
    {
        var fields = new List<(string, string)>();
        Http2Error? goAway = null;
        while (await ReadAsync() is { } frame)
        {
            switch (frame.Type)
            {
                case FrameType.Headers when frame.Stream == stream:
                    fields.AddRange(Hpack.Decode(frame.Payload));
                    break;
                case FrameType.RstStream when frame.Stream == stream:
                    return new RawAnswer(fields, frame.Error, goAway, false);
                case FrameType.GoAway:
                    goAway = frame.Error;
                    break;
            }

            if (frame.Stream == stream && frame.Type is FrameType.Data or FrameType.Headers && (frame.Flags & Frame.EndStream) != 0)
            {
                return new RawAnswer(fields, null, goAway, false);
            }
        }

        return new RawAnswer(fields, null, goAway, true);
    }

    /// <summary>The next frame; null when the server has hung up.</summary>
    public async Task<Frame?> ReadAsync()
    {
        try
        {
            var head = new byte[9];
            await _stream.ReadExactlyAsync(head, Limit);
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await _stream.ReadExactlyAsync(payload, Limit);
            return new Frame((FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, payload);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads until the server says GOAWAY or hangs up; null when it hung up without a word.</summary>
    public async Task<Http2Error?> ReadGoAwayAsync()
    {
        if (_goAway is { } said)
        {
            return said;
        }

        while (await ReadAsync() is { } frame)
        {
            if (frame.Type == FrameType.GoAway)
            {
                return frame.Error;
            }
        }

        return null;
    }

    public ValueTask DisposeAsync()
    {
        _limit.Dispose();
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
