using ControlZero.Abstractions.Keys;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Audit;

/// <summary>Reads the audit log. Not yet: each method refuses by name.</summary>
internal sealed class AuditService : Protocol.V1.AuditService.AuditServiceBase
{
    [RequiresScope(Scopes.AuditRead)]
    public override Task<QueryEventsResponse> QueryEvents(QueryEventsRequest request, ServerCallContext context) =>
        throw RpcErrors.UnimplementedFeature(["QueryEvents"]).ToRpcException();

    [RequiresScope(Scopes.AuditRead)]
    public override Task TailEvents(TailEventsRequest request, IServerStreamWriter<TailEventsResponse> responseStream, ServerCallContext context) =>
        throw RpcErrors.UnimplementedFeature(["TailEvents"]).ToRpcException();

    [RequiresScope(Scopes.ClusterAdmin)]
    public override Task<VerifyLogResponse> VerifyLog(VerifyLogRequest request, ServerCallContext context) =>
        throw RpcErrors.UnimplementedFeature(["VerifyLog"]).ToRpcException();

    [RequiresScope(Scopes.AuditRead)]
    public override Task<GetDecisionResponse> GetDecision(GetDecisionRequest request, ServerCallContext context) =>
        throw RpcErrors.UnimplementedFeature(["GetDecision"]).ToRpcException();
}
