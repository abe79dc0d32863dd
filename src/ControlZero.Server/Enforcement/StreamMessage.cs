using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using Google.Protobuf;
using Google.Rpc;

namespace ControlZero.Server.Enforcement;

/// <summary>Stream messages that hold nothing this build decides.</summary>
internal static class StreamMessage
{
    // The numbers the protos keep for them.
    private const int Settle = 3;
    private const int Cancel = 4;

    /// <summary>Why the message is refused: it holds a field that is kept for later, or none.</summary>
    public static Status Refuse(EnforceStreamRequest message)
    {
        // Unknown fields can be copied, not read: so the message is written out and its tags are looked at.
        var written = new CodedInputStream(message.ToByteArray());
        while (written.ReadTag() is var tag and not 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case Settle:
                    return RpcErrors.UnimplementedFeature(["settle"]);
                case Cancel:
                    return RpcErrors.UnimplementedFeature(["cancel"]);
                default:
                    written.SkipLastField();
                    break;
            }
        }

        return RpcErrors.InvalidFields([new FieldFault("enforce", FaultCodes.FieldRequired, "enforce is missing", "set it to the request to decide")]);
    }
}
