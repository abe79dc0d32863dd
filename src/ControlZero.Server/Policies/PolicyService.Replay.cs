using ControlZero.Abstractions.Keys;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Policies.Replay;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Policies;

/// <content>What a draft would have decided.</content>
internal sealed partial class PolicyService
{
    [RequiresScope(Scopes.PolicyRead), RequiresScope(Scopes.AuditRead)]
    public override Task ReplayPolicy(ReplayPolicyRequest request, IServerStreamWriter<ReplayPolicyResponse> responseStream, ServerCallContext context) =>
        replay.RunAsync(
            ReplayQuestion.Read(request, documents.Read(Sized(request.Document))), context.GetCaller(), responseStream, context.CancellationToken);
}
