using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>Ends reservations, whichever server they were made by: the agent's grain keeps their book. Each is recorded before it is answered.</summary>
internal sealed class Settlements(GrainDecisions agents, DecisionTrail trail)
{
    // Unit: characters, all of them ASCII.
    private const int TokenMaxLength = 1024;

    /// <summary>Settles a reservation.</summary>
    /// <exception cref="RpcException">A field is wrong, there is no such reservation, it was settled otherwise, or it could not be recorded.</exception>
    public async Task<SettleResponse> SettleAsync(SettleRequest request, ClientIdentity caller, CancellationToken call)
    {
        var agent = ReadAgent(request.AgentId, request.Token, caller, Faults(request));
        var command = new SettleCommand(
            request.Token, UsageMapping.ToDomain(request.Usage), request.ResponseModel.Length == 0 ? null : request.ResponseModel);
        var outcome = OrThrow(await agents.SettleAsync(caller.Tenant, agent, command, call), request.Token);
        var response = new SettleResponse
        {
            Late = outcome.Late,
            Replayed = outcome.Replayed,
            Overrun = outcome.Overrun,
            ModelDrift = outcome.ModelDrift,
            Limits = { outcome.Limits.Select(QuotaMapping.ToMessage) },
        };
        await trail.RecordAsync((id, time) => DecisionEvents.Of(request, response, id, caller, time), caller);
        return response;
    }

    /// <summary>Gives a reservation back.</summary>
    /// <exception cref="RpcException">A field is wrong, there is no such reservation, it was settled, or it could not be recorded.</exception>
    public async Task<CancelResponse> CancelAsync(CancelRequest request, ClientIdentity caller, CancellationToken call)
    {
        var agent = ReadAgent(request.AgentId, request.Token, caller, []);
        var outcome = OrThrow(await agents.CancelAsync(caller.Tenant, agent, request.Token, call), request.Token);
        var response = new CancelResponse
        {
            Late = outcome.Late,
            Replayed = outcome.Replayed,
            Limits = { outcome.Limits.Select(QuotaMapping.ToMessage) },
        };
        await trail.RecordAsync((id, time) => DecisionEvents.Of(request, response, id, caller, time), caller);
        return response;
    }

    private static IEnumerable<FieldFault> Faults(SettleRequest request)
    {
        if (request.Usage is { } usage)
        {
            foreach (var fault in UsageMapping.Check(usage))
            {
                yield return fault;
            }
        }

        if (request.ResponseModel.Length > 0 && RequestSyntax.CheckResource(request.ResponseModel) is { } model)
        {
            yield return model with { Field = "response_model", Message = $"in response_model, {model.Message}" };
        }
    }

    private static AgentId ReadAgent(string agentId, string token, ClientIdentity caller, IEnumerable<FieldFault> others)
    {
        var named = agentId.Length == 0 ? caller.SoleAgent?.Value ?? "" : agentId;
        var faults = new[] { CheckToken(token), RequestSyntax.CheckAgentId(named) }.OfType<FieldFault>().Concat(others).ToList();
        if (faults.Count > 0)
        {
            throw RpcErrors.InvalidFields(faults).ToRpcException();
        }

        var agent = AgentId.Parse(named);
        return caller.SpeaksFor(agent) ? agent : throw RpcErrors.AgentNotBound(named).ToRpcException();
    }

    private static FieldFault? CheckToken(string token) => token.Length switch
    {
        0 => new FieldFault("token", FaultCodes.FieldRequired, "token is missing", "send the token of the reservation, from the answer to Enforce"),
        > TokenMaxLength => new FieldFault(
            "token", FaultCodes.FieldTooLong, $"token has {token.Length} characters, more than {TokenMaxLength}", "send it as it was answered", TokenMaxLength, token.Length),
        _ => null,
    };

    private static SettleOutcome OrThrow(SettleOutcome outcome, string token) => outcome.Status switch
    {
        SettleStatus.Done => outcome,
        SettleStatus.Otherwise => throw RpcErrors.IdempotencyMismatch(
            "the reservation was settled with other figures, or given back; it ends once", token).ToRpcException(),
        _ => throw RpcErrors.NotFound("RESERVATION_NOT_FOUND", "reservation", token).ToRpcException(),
    };
}
