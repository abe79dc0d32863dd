using System.Buffers.Binary;
using System.Net.Sockets;

namespace ControlZero.Load.Http2;

/// <summary>Frames that wait to be sent together.</summary>
internal sealed class OutgoingFrames(Socket socket)
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _length;

    public void Add(FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        Reserve(Frame.HeaderLength + payload.Length);
        new Frame(payload.Length, type, flags, stream).Write(_buffer.AsSpan(_length));
        payload.CopyTo(_buffer.AsSpan(_length + Frame.HeaderLength));
        _length += Frame.HeaderLength + payload.Length;
    }

    public void AddWindowUpdate(int stream, int bytes)
    {
        Span<byte> payload = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(payload, bytes);
        Add(FrameType.WindowUpdate, 0, stream, payload);
    }

    public void AddRaw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    public void Send()
    {
        for (var sent = 0; sent < _length;)
        {
            sent += socket.Send(_buffer.AsSpan(sent, _length - sent));
        }

        _length = 0;
    }

    private void Reserve(int bytes)
    {
        if (_length + bytes > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
        }
    }
}
