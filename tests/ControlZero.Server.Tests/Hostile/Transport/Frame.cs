namespace ControlZero.Server.Tests.Hostile.Transport;

/// <summary>A frame of HTTP/2 (RFC 9113, section 4.1).</summary>
internal readonly record struct Frame(FrameType Type, byte Flags, int Stream, byte[] Payload)
{
    public const byte EndStream = 0x1;
    public const byte Ack = 0x1;
    public const byte EndHeaders = 0x4;

    /// <summary>What a GOAWAY or RST_STREAM says.</summary>
    public Http2Error Error => (Http2Error)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(
        Payload.AsSpan(Type == FrameType.GoAway ? 4 : 0));

    public byte[] ToBytes() =>
    [
        (byte)(Payload.Length >> 16), (byte)(Payload.Length >> 8), (byte)Payload.Length, (byte)Type, Flags,
        (byte)(Stream >> 24), (byte)(Stream >> 16), (byte)(Stream >> 8), (byte)Stream, .. Payload,
    ];
}

internal enum FrameType
{
    Data = 0,
    Headers = 1,
    RstStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

internal enum Http2Error
{
    NoError = 0,
    ProtocolError = 1,
    InternalError = 2,
    FlowControlError = 3,
    FrameSizeError = 6,
    Cancel = 8,
    CompressionError = 9,
    EnhanceYourCalm = 11,
}
