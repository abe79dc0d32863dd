using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using Google.Rpc;

namespace ControlZero.Server.Enforcement;

/// <summary>Fields of the protos that this build does not enforce. Nothing is accepted and ignored: they are refused by name.</summary>
internal static class UnenforcedFields
{
    /// <summary>The refusal of a request that sets one of them, or null: it sets none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="path">What stands before a field's name in an error: where in the call the message was.</param>
    public static Status? Refuse(EnforceRequest request, string path) =>
        request.Estimate is null ? null : RpcErrors.UnimplementedFeature([$"{path}estimate"]);
}
