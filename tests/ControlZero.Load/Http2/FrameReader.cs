using System.Net.Sockets;

namespace ControlZero.Load.Http2;

/// <summary>Frames as they come in.</summary>
internal sealed class FrameReader(Socket socket)
{
    private byte[] _buffer = new byte[256 * 1024];
    private int _taken;
    private int _filled;

    /// <summary>Waits for the server and reads once what it has sent.</summary>
    public async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_taken, _filled - _taken).CopyTo(_buffer);
        (_filled, _taken) = (_filled - _taken, 0);
        if (_filled == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = await socket.ReceiveAsync(_buffer.AsMemory(_filled), SocketFlags.None, cancellationToken);
        _filled += read > 0 ? read : throw new IOException("the server closed the connection");
    }

    /// <summary>The next frame that is there as a whole. What it holds is valid until the next read.</summary>
    public bool TryTake(out Frame frame, out ReadOnlySpan<byte> payload)
    {
        var rest = _buffer.AsSpan(_taken, _filled - _taken);
        frame = rest.Length < Frame.HeaderLength ? default : Frame.Read(rest);
        if (rest.Length < Frame.HeaderLength + frame.Length)
        {
            payload = default;
            return false;
        }

        payload = rest.Slice(Frame.HeaderLength, frame.Length);
        _taken += Frame.HeaderLength + frame.Length;
        return true;
    }
}
