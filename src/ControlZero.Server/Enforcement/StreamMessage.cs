using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using Google.Rpc;

namespace ControlZero.Server.Enforcement;

/// <summary>Stream messages that hold nothing this build decides.</summary>
internal static class StreamMessage
{
    /// <summary>Why the message is refused: it holds what is kept for later, or nothing.</summary>
    public static Status Refuse(EnforceStreamRequest message) => message.MessageCase switch
    {
        EnforceStreamRequest.MessageOneofCase.Settle => RpcErrors.UnimplementedFeature(["settle"]),
        EnforceStreamRequest.MessageOneofCase.Cancel => RpcErrors.UnimplementedFeature(["cancel"]),
        _ => RpcErrors.InvalidFields([new FieldFault("enforce", FaultCodes.FieldRequired, "enforce is missing", "set it to the request to decide")]),
    };
}
