namespace ControlZero.Server.Rpc;

/// <summary>The largest message a method takes, where that is less than its service does: gRPC knows one limit a service.</summary>
/// <param name="bytes">The limit. Unit: bytes.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MessageLimitAttribute(int bytes) : Attribute
{
    /// <summary>The limit. Unit: bytes.</summary>
    public int Bytes => bytes;
}
