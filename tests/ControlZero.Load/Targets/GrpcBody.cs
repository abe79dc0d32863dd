using System.Buffers.Binary;
using Google.Protobuf;

namespace ControlZero.Load.Targets;

/// <summary>Messages as they go over the wire.</summary>
internal static class GrpcBody
{
    private const int PrefixLength = 5;

    /// <summary>The message behind the five bytes of gRPC: not compressed, length.</summary>
    public static byte[] Of(IMessage message)
    {
        var body = new byte[PrefixLength + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(body.AsSpan(1), body.Length - PrefixLength);
        message.WriteTo(body.AsSpan(PrefixLength));
        return body;
    }
}
