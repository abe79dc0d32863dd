using ControlZero.Abstractions.Keys;
using ControlZero.Engine;
using ControlZero.Grains.Hosting;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>Decides whether agents may act.</summary>
internal sealed class EnforcementService(
    AgentReferences agents,
    GroupedDecisions decisions,
    KeyAuthenticator keys,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Protocol.V1.EnforcementService.EnforcementServiceBase
{
    [RequiresScope(Scopes.Enforce), MessageLimit(Limits.EnforceMessageMaxBytes)]
    public override async Task<EnforceResponse> Enforce(EnforceRequest request, ServerCallContext context)
    {
        var question = EnforceQuestion.Read(request, context.GetCaller());
        var authorization = await agents.Get(question.Tenant, question.Agent).AuthorizeAsync(question.Request);
        return EnforceMapping.ToResponse(authorization, NewDecisionId(), question.RequestId, request.DryRun);
    }

    [RequiresScope(Scopes.Enforce), MessageLimit(Limits.BatchMessageMaxBytes)]
    public override async Task<EnforceBatchResponse> EnforceBatch(EnforceBatchRequest request, ServerCallContext context)
    {
        if (request.Requests.Count > Limits.BatchMaxRequests)
        {
            throw RpcErrors.TooMany("requests", request.Requests.Count, Limits.BatchMaxRequests).ToRpcException();
        }

        var caller = context.GetCaller();
        var outcomes = new EnforceOutcome[request.Requests.Count];
        var groups = new AgentGroups();
        for (var index = 0; index < outcomes.Length; index++)
        {
            if (EnforceQuestion.TryRead(request.Requests[index], caller, "", out var question, out var refusal))
            {
                groups.Add((ulong)index, question);
            }
            else
            {
                outcomes[index] = new EnforceOutcome(null, refusal);
            }
        }

        await Task.WhenAll(groups.Take().Select(group =>
            decisions.DecideAsync(group, context.Method, (place, outcome) => outcomes[place] = outcome)));
        return new EnforceBatchResponse { Results = { outcomes.Select(EnforceMapping.ToResult) } };
    }

    [RequiresScope(Scopes.Enforce), MessageLimit(Limits.EnforceMessageMaxBytes)]
    public override async Task EnforceStream(
        IAsyncStreamReader<EnforceStreamRequest> requestStream,
        IServerStreamWriter<EnforceStreamResponse> responseStream,
        ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var answers = new StreamAnswers(responseStream, IsStillValidAsync);
        await new EnforceStreamSession(
            caller,
            requestStream,
            answers,
            context.GetHttpContext().Request.BodyReader.CancelPendingRead,
            IsStillValidAsync,
            (group, answer) => decisions.DecideAsync(group, context.Method, answer)).RunAsync(context.CancellationToken);

        ValueTask<bool> IsStillValidAsync() => keys.IsStillValidAsync(caller, context.CancellationToken);
    }

    [RequiresScope(Scopes.PolicyRead), MessageLimit(Limits.EnforceMessageMaxBytes)]
    public override async Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context)
    {
        var question = EnforceQuestion.Read(request.Request ?? new EnforceRequest(), context.GetCaller(), "request.");
        var explained = await agents.Get(question.Tenant, question.Agent).ExplainAsync(question.Request);
        return new ExplainResponse
        {
            Response = EnforceMapping.ToResponse(explained.Authorization, NewDecisionId(), question.RequestId, question.Request.DryRun),
            Trials = { explained.Trials.Select(EnforceMapping.ToMessage) },
            Truncated = explained.Truncated,
        };
    }

    private string NewDecisionId() => Ulid.NewUlid(clock.GetUtcNow()).ToString();
}
