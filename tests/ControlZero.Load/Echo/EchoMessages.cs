namespace ControlZero.Load.Echo;

/// <summary>Messages of a given size.</summary>
internal static class EchoMessages
{
    /// <summary>A message that takes so many bytes on the wire. Unit: bytes, at least 2.</summary>
    public static EchoMessage OfSize(int bytes)
    {
        var message = new EchoMessage { Payload = new string('x', Math.Max(0, bytes - 2)) };
        var excess = message.CalculateSize() - bytes;
        return excess > 0 ? new EchoMessage { Payload = message.Payload[excess..] } : message;
    }
}
