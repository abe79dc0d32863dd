using ControlZero.Abstractions.Keys;
using ControlZero.Engine;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Cluster;
using ControlZero.Server.Rpc;
using ControlZero.Server.Telemetry;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>Decides whether agents may act.</summary>
internal sealed class EnforcementService(
    AgentReferences agents,
    GrainDecisions remote,
    LocalDecisions local,
    GroupedDecisions grouped,
    Settlements settlements,
    StreamSettlements streamed,
    DecisionAnswers answers,
    DecisionTrail trail,
    FrontDoors doors,
    KeyAuthenticator keys,
    EnforceInstruments instruments) : Protocol.V1.EnforcementService.EnforcementServiceBase
{
    /// <summary>Names the front door, <c>host:port</c>, of the server that owns the agent, where another one answered: clients ask that one from then on.</summary>
    public const string OwnerHeader = "controlzero-owner";

    [RequiresScope(Scopes.Enforce), ServesStale, MessageLimit(Limits.EnforceMessageMaxBytes)]
    public override Task<EnforceResponse> Enforce(EnforceRequest request, ServerCallContext context)
    {
        var begun = instruments.Begin();
        var caller = context.GetCaller();
        var question = EnforceQuestion.Read(request, caller);
        if (local.Decide(question) is not { } outcome)
        {
            return AskGrainAsync(question, begun, caller, context);
        }

        var leaving = trail.LeaveAsync(outcome, caller, GateOf(context));
        return leaving.IsCompletedSuccessfully ? Task.FromResult(End(leaving.Result, begun)) : WaitAsync(leaving, begun);
    }

    [RequiresScope(Scopes.Enforce), ServesStale, MessageLimit(Limits.BatchMessageMaxBytes)]
    public override async Task<EnforceBatchResponse> EnforceBatch(EnforceBatchRequest request, ServerCallContext context)
    {
        if (request.Requests.Count > Limits.BatchMaxRequests)
        {
            throw RpcErrors.TooMany("requests", request.Requests.Count, Limits.BatchMaxRequests).ToRpcException();
        }

        instruments.OnBatch(request.Requests.Count);
        var caller = context.GetCaller();
        var outcomes = new EnforceOutcome[request.Requests.Count];
        var groups = new AgentGroups();
        var asked = answers.Now();
        for (var index = 0; index < outcomes.Length; index++)
        {
            if (!EnforceQuestion.TryRead(request.Requests[index], caller, "", out var question, out var refusal))
            {
                outcomes[index] = new EnforceOutcome(null, refusal);
            }
            else if (!groups.Has(question.Agent) && local.Decide(question, asked, context.Method) is { } outcome)
            {
                outcomes[index] = outcome;
            }
            else
            {
                groups.Add((ulong)index, question);
            }
        }

        await Task.WhenAll(groups.Take().Select(group =>
            grouped.DecideAsync(group, context.Method, (place, outcome) => outcomes[place] = outcome, context.CancellationToken)));
        await trail.LeaveAsync(outcomes, caller, GateOf(context));
        return new EnforceBatchResponse { Results = { outcomes.Select(EnforceMapping.ToResult) } };
    }

    [RequiresScope(Scopes.Enforce), ServesStale, MessageLimit(Limits.EnforceMessageMaxBytes)]
    public override async Task EnforceStream(
        IAsyncStreamReader<EnforceStreamRequest> requestStream,
        IServerStreamWriter<EnforceStreamResponse> responseStream,
        ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var outgoing = new StreamAnswers(responseStream, caller, IsStillValidAsync, trail, GateOf(context));
        await new EnforceStreamSession(
            caller,
            requestStream,
            outgoing,
            context.GetHttpContext().Request.BodyReader.CancelPendingRead,
            IsStillValidAsync,
            question => local.Decide(question, answers.Now(), context.Method),
            DecideAsync,
            message => streamed.EndAsync(message, caller, context.Method, context.CancellationToken)).RunAsync(context.CancellationToken);

        Task DecideAsync(IReadOnlyList<PlacedQuestion> group, Action<ulong, EnforceOutcome> answer)
        {
            instruments.OnStreamGroup(group.Count);
            return grouped.DecideAsync(group, context.Method, answer, context.CancellationToken);
        }

        ValueTask<bool> IsStillValidAsync() => keys.IsStillValidAsync(caller, context.CancellationToken);
    }

    [RequiresScope(Scopes.PolicyRead), ServesStale, MessageLimit(Limits.EnforceMessageMaxBytes)]
    public override async Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context)
    {
        var question = EnforceQuestion.Read(request.Request ?? new EnforceRequest(), context.GetCaller(), "request.");
        var asked = answers.Now();
        var explained = await agents.Get(question.Tenant, question.Agent).ExplainAsync(question.Request);
        return new ExplainResponse
        {
            Response = OrThrow(answers.Explain(explained.Authorization, question, asked).Leave()),
            Trials = { explained.Trials.Select(EnforceMapping.ToMessage) },
            Truncated = explained.Truncated,
            Limits = { explained.Limits.IsDefault ? [] : explained.Limits.Select(QuotaMapping.ToMessage) },
        };
    }

    [RequiresScope(Scopes.Enforce), MessageLimit(Limits.EnforceMessageMaxBytes)]
    public override Task<SettleResponse> Settle(SettleRequest request, ServerCallContext context) =>
        settlements.SettleAsync(request, context.GetCaller(), context.CancellationToken);

    [RequiresScope(Scopes.Enforce), MessageLimit(Limits.EnforceMessageMaxBytes)]
    public override Task<CancelResponse> Cancel(CancelRequest request, ServerCallContext context) =>
        settlements.CancelAsync(request, context.GetCaller(), context.CancellationToken);

    [RequiresScope(Scopes.Enforce), MessageLimit(Limits.EnforceMessageMaxBytes)]
    public override async Task<GetAccessResponse> GetAccess(GetAccessRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var (agent, query) = AccessMapping.Read(request, caller);
        return AccessMapping.ToMessage(await agents.Get(caller.Tenant, agent).GetAccessAsync(query), query, request.AllowedOnly);
    }

    private async Task<EnforceResponse> AskGrainAsync(EnforceQuestion question, long begun, ClientIdentity caller, ServerCallContext context)
    {
        var asked = answers.Now();
        var authorization = await remote.AuthorizeAsync(question.Tenant, question.Agent, question.Request, context.CancellationToken);
        if (doors.Find(authorization.Silo) is { } owner)
        {
            context.GetHttpContext().Response.Headers[OwnerHeader] = owner;
        }

        return End(await trail.LeaveAsync(answers.Answer(authorization, question, asked), caller, GateOf(context)), begun);
    }

    private async Task<EnforceResponse> WaitAsync(ValueTask<EnforceOutcome> leaving, long begun) => End(await leaving, begun);

    private EnforceResponse End(EnforceOutcome outcome, long begun)
    {
        var response = OrThrow(outcome);
        instruments.OnAnswered(response.Effect, response.ReasonCode, begun);
        return response;
    }

    private static AnswerGate? GateOf(ServerCallContext context) => context.GetHttpContext().Features.Get<AnswerGate>();

    private static EnforceResponse OrThrow(EnforceOutcome outcome) => outcome.Response ?? throw outcome.Error!.ToRpcException();
}
