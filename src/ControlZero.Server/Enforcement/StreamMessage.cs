using ControlZero.Engine.Requests;
using ControlZero.Server.Rpc;
using Google.Rpc;

namespace ControlZero.Server.Enforcement;

/// <summary>Stream messages that hold nothing to do.</summary>
internal static class StreamMessage
{
    /// <summary>Why such a message is refused.</summary>
    public static Status RefuseEmpty() => RpcErrors.InvalidFields(
        [new FieldFault("enforce", FaultCodes.FieldRequired, "enforce is missing", "set it to the request to decide, or else settle or cancel")]);
}
