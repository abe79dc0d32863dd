using System.Buffers.Binary;
using System.Text;

namespace ControlZero.Load.Http2;

/// <summary>What a connection says and answers besides its calls.</summary>
internal static class Handshake
{
    /// <summary>How much the server may send before it is told that it was read. Unit: bytes.</summary>
    public const int ReceiveWindow = 1 << 30;

    private const int HeaderTableSize = 1;
    private const int InitialWindowSize = 4;

    /// <summary>Greets the server.</summary>
    public static void Greet(OutgoingFrames outgoing)
    {
        outgoing.AddRaw(Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));

        // No table of headers: trailers come as literals, which can be read without one. And no answer waits for a window.
        Span<byte> settings = stackalloc byte[12];
        settings.Clear();
        BinaryPrimitives.WriteInt16BigEndian(settings, HeaderTableSize);
        BinaryPrimitives.WriteInt16BigEndian(settings[6..], InitialWindowSize);
        BinaryPrimitives.WriteInt32BigEndian(settings[8..], ReceiveWindow);
        outgoing.Add(FrameType.Settings, 0, 0, settings);
        outgoing.AddWindowUpdate(0, ReceiveWindow);
        outgoing.Send();
    }

    /// <summary>Answers what the server asks of the connection itself.</summary>
    /// <exception cref="IOException">It ended the connection.</exception>
    public static void Answer(OutgoingFrames outgoing, Frame frame, ReadOnlySpan<byte> payload)
    {
        switch (frame.Type)
        {
            case FrameType.Settings when (frame.Flags & Frame.Acknowledged) == 0:
                outgoing.Add(FrameType.Settings, Frame.Acknowledged, 0, []);
                outgoing.Send();
                break;
            case FrameType.Ping when (frame.Flags & Frame.Acknowledged) == 0:
                outgoing.Add(FrameType.Ping, Frame.Acknowledged, 0, payload);
                outgoing.Send();
                break;
            case FrameType.GoAway:
                throw new IOException($"the server ended the connection, HTTP/2 error {BinaryPrimitives.ReadInt32BigEndian(payload[4..])}");
        }
    }
}
