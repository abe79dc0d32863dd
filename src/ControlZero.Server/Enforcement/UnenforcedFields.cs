using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>Fields of the protos that this build does not enforce. Nothing is accepted and ignored: they are refused by name.</summary>
internal static class UnenforcedFields
{
    /// <exception cref="RpcException">One of them is set.</exception>
    public static void Refuse(EnforceRequest request, string path)
    {
        if (request.CandidateResources.Count == 0 && request.Estimate is null && !request.DryRun && request.MinPolicyEpoch == 0)
        {
            return;
        }

        var fields = new[]
        {
            (IsSet: request.CandidateResources.Count > 0, Name: "candidate_resources"),
            (IsSet: request.Estimate is not null, Name: "estimate"),
            (IsSet: request.DryRun, Name: "dry_run"),
            (IsSet: request.MinPolicyEpoch > 0, Name: "min_policy_epoch"),
        };
        throw RpcErrors.UnimplementedFeature([.. fields.Where(field => field.IsSet).Select(field => path + field.Name)]).ToRpcException();
    }
}
