using ControlZero.Abstractions.Keys;
using ControlZero.Grains.Hosting;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>Decides whether agents may act.</summary>
internal sealed class EnforcementService(
    AgentReferences agents,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Protocol.V1.EnforcementService.EnforcementServiceBase
{
    [RequiresScope(Scopes.Enforce)]
    public override async Task<EnforceResponse> Enforce(EnforceRequest request, ServerCallContext context)
    {
        var question = EnforceQuestion.Read(request, context.GetCaller());
        var authorization = await agents.Get(question.Tenant, question.Agent).AuthorizeAsync(question.Request);
        return EnforceMapping.ToResponse(authorization, NewDecisionId(), question.RequestId);
    }

    [RequiresScope(Scopes.PolicyRead)]
    public override async Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context)
    {
        var question = EnforceQuestion.Read(request.Request ?? new EnforceRequest(), context.GetCaller(), "request.");
        var explained = await agents.Get(question.Tenant, question.Agent).ExplainAsync(question.Request);
        return new ExplainResponse
        {
            Response = EnforceMapping.ToResponse(explained.Authorization, NewDecisionId(), question.RequestId),
            Trials = { explained.Trials.Select(EnforceMapping.ToMessage) },
        };
    }

    private string NewDecisionId() => Ulid.NewUlid(clock.GetUtcNow()).ToString();
}
