using ControlZero.Abstractions.Keys;
using ControlZero.Engine.Requests;
using ControlZero.Grains.Hosting;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit.Reading;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Audit;

/// <summary>Reads the audit log. Whose events are read is the key's to say, its tenant and its binding, and nothing else's.</summary>
/// <param name="log">The log. Null: this server has no silo, and nobody to ask for it.</param>
/// <param name="grains">Makes references for wake-ups.</param>
/// <param name="keys">Says whether a listener's key may still be used.</param>
/// <param name="lifetime">Ends tails when the server stops.</param>
/// <param name="clock">Measures pauses.</param>
internal sealed class AuditService(
    ClusterLog? log,
    IGrainFactory grains,
    KeyAuthenticator keys,
    IHostApplicationLifetime lifetime,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Protocol.V1.AuditService.AuditServiceBase
{
    private const int UsualFindings = 100;
    private const int MostFindings = 1000;

    // The caller's deadline ends it sooner.
    private static readonly TimeSpan LongestVerification = TimeSpan.FromHours(12);

    private ClusterLog Log => log ?? throw RpcErrors.NoSiloHere().ToRpcException();

    [RequiresScope(Scopes.AuditRead)]
    public override async Task<QueryEventsResponse> QueryEvents(QueryEventsRequest request, ServerCallContext context)
    {
        var question = EventQuestion.Read(request, context.GetCaller());
        var answers = await Log.AskAsync(silo => silo.QueryAsync(question.Query));
        return question.ToPage(answers);
    }

    [RequiresScope(Scopes.AuditRead)]
    public override async Task TailEvents(TailEventsRequest request, IServerStreamWriter<TailEventsResponse> responseStream, ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var tail = new EventTail(Log, grains, caller, EventQuestion.Checked(request.Filter, caller), clock);
        await tail.BeginAsync(request.Cursor);
        await tail.RunAsync(responseStream, () => keys.IsStillValidAsync(caller, context.CancellationToken), ended.Token);
        if (!context.CancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.Stopping().ToRpcException();
        }
    }

    [RequiresScope(Scopes.ClusterAdmin)]
    public override async Task<VerifyLogResponse> VerifyLog(VerifyLogRequest request, ServerCallContext context)
    {
        var most = request.MaxFindings switch
        {
            0 => UsualFindings,
            > 0 and <= MostFindings => request.MaxFindings,
            _ => throw RpcErrors.InvalidFields([new FieldFault(
                "max_findings", "MAX_FINDINGS_RANGE", $"max_findings is not from 1 to {MostFindings}", $"send one, or 0 for {UsualFindings}", MostFindings)]).ToRpcException(),
        };
        var answers = await Log.AskAsync(silo => silo.VerifyAsync(most, context.CancellationToken), LongestVerification);
        return answers.All.IsEmpty
            ? throw RpcErrors.LogIncomplete(answers.Unreachable).ToRpcException()
            : SiloVerification.Sum(answers, most);
    }

    [RequiresScope(Scopes.AuditRead)]
    public override async Task<GetDecisionResponse> GetDecision(GetDecisionRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        if (!Ulid.TryParse(request.DecisionId, out var id) || id.ToString() != request.DecisionId)
        {
            throw RpcErrors.InvalidFields([new FieldFault(
                "decision_id", "DECISION_ID_SYNTAX", "decision_id is no id of a decision", "send a `decision_id` as an answer has it, 26 letters and digits")])
                .ToRpcException();
        }

        var answers = await Log.AskAsync(silo => silo.FindAsync(caller.Tenant.Value, request.DecisionId, id.Time.UtcTicks));
        var events = answers.All.SelectMany(answer => answer.Events).DistinctBy(found => found.Place)
            .OrderBy(found => found.Time).ThenBy(found => found.Place.Sequence)
            .Select(found => EventMessages.ToMessage(found, caller.Tenant.Value))
            .Where(found => caller.SpeaksFor(found.AgentId)).ToList();
        if (events.Count == 0)
        {
            throw (answers.Unreachable.IsEmpty
                ? RpcErrors.NotFound("DECISION_NOT_FOUND", "decision", request.DecisionId)
                : RpcErrors.LogIncomplete(answers.Unreachable)).ToRpcException();
        }

        return new GetDecisionResponse { Events = { events } };
    }
}
