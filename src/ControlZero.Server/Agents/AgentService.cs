using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Rpc;
using ControlZero.Server.Tenants;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Agents;

/// <summary>Registers agents, stops them, and shows what they were answered.</summary>
internal sealed class AgentService(IGrainFactory grains, AgentReferences agents, AgentList list) : Protocol.V1.AgentService.AgentServiceBase
{
    [RequiresScope(Scopes.AgentWrite)]
    public override async Task<PutAgentResponse> PutAgent(PutAgentRequest request, ServerCallContext context)
    {
        if (RequestSyntax.CheckLabels(request.Labels) is { } fault)
        {
            throw RpcErrors.InvalidFields([fault]).ToRpcException();
        }

        var limits = AgentLimitMapping.Read(request.Limits);
        var (caller, agent) = Read(request.AgentId, context);
        var outcome = await agents.Get(caller.Tenant, agent).PutAsync(
            new PutAgentCommand(
                request.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal),
                request.HasExpectedVersion ? request.ExpectedVersion : null,
                limits),
            CancellationToken.None);
        return outcome.Status switch
        {
            PutAgentStatus.Done => new PutAgentResponse { Agent = outcome.Agent!.ToMessage() },
            PutAgentStatus.VersionConflict => throw RpcErrors
                .VersionConflict("agent", agent.Value, request.ExpectedVersion, outcome.Agent?.Version ?? 0).ToRpcException(),
            _ => throw RpcErrors.TooManyAgents().ToRpcException(),
        };
    }

    [RequiresScope(Scopes.AgentWrite)]
    public override async Task<GetAgentResponse> GetAgent(GetAgentRequest request, ServerCallContext context)
    {
        var (caller, agent) = Read(request.AgentId, context);
        var found = await agents.Get(caller.Tenant, agent).GetAsync(context.CancellationToken);
        var manifest = await Tenant(caller).GetManifestAsync(context.CancellationToken);
        var suspension = manifest?.FindSuspension(SuspensionTarget.Agent, agent.Value);
        return new GetAgentResponse { Agent = AgentMapping.ToMessage(agent, found, suspension) ?? throw NotFound(agent) };
    }

    [RequiresScope(Scopes.AgentWrite)]
    public override async Task<ListAgentsResponse> ListAgents(ListAgentsRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var manifest = await Tenant(caller).GetManifestAsync(context.CancellationToken)
            ?? throw new InvalidOperationException($"a key of tenant `{caller.Tenant}` works, but the tenant does not exist");
        return await list.ReadAsync(request, caller, manifest, context.CancellationToken);
    }

    [RequiresScope(Scopes.AgentWrite)]
    public override async Task<DeleteAgentResponse> DeleteAgent(DeleteAgentRequest request, ServerCallContext context)
    {
        var (caller, agent) = Read(request.AgentId, context);
        var outcome = await agents.Get(caller.Tenant, agent).DeleteAsync(
            request.HasExpectedVersion ? request.ExpectedVersion : null, CancellationToken.None);
        if (outcome.Status != DeleteAgentStatus.Done)
        {
            throw outcome.Status == DeleteAgentStatus.VersionConflict
                ? RpcErrors.VersionConflict("agent", agent.Value, request.ExpectedVersion, outcome.Version).ToRpcException()
                : NotFound(agent);
        }

        var manifest = await Tenant(caller).GetManifestAsync(context.CancellationToken);
        return new DeleteAgentResponse { Suspended = manifest?.FindSuspension(SuspensionTarget.Agent, agent.Value) is not null };
    }

    [RequiresScope(Scopes.AgentWrite)]
    public override async Task<SuspendAgentResponse> SuspendAgent(SuspendAgentRequest request, ServerCallContext context)
    {
        var (caller, agent) = Read(request.AgentId, context);
        if (SuspensionMapping.CheckReason(request.Reason) is { } fault)
        {
            throw RpcErrors.InvalidFields([fault]).ToRpcException();
        }

        var command = new SuspendCommand(SuspensionTarget.Agent, agent.Value, request.Reason, caller.Key.Id.Value);
        var outcome = (await Tenant(caller).SuspendAsync(command, CancellationToken.None)).OrThrow(caller.Tenant);
        return new SuspendAgentResponse
        {
            Suspension = outcome.Suspension!.ToMessage(),
            PolicyEpoch = outcome.Epoch,
            Unchanged = outcome.Status == SuspensionStatus.Unchanged,
            Acknowledgement = outcome.Acknowledgement!.ToMessage(),
        };
    }

    [RequiresScope(Scopes.AgentWrite)]
    public override async Task<ResumeAgentResponse> ResumeAgent(ResumeAgentRequest request, ServerCallContext context)
    {
        var (caller, agent) = Read(request.AgentId, context);
        var outcome = (await Tenant(caller).ResumeAsync(SuspensionTarget.Agent, agent.Value, CancellationToken.None)).OrThrow(caller.Tenant);
        return new ResumeAgentResponse
        {
            PolicyEpoch = outcome.Epoch,
            Unchanged = outcome.Status == SuspensionStatus.Unchanged,
            Acknowledgement = outcome.Acknowledgement!.ToMessage(),
        };
    }

    [RequiresScope(Scopes.Enforce)]
    public override async Task<GetUsageResponse> GetUsage(GetUsageRequest request, ServerCallContext context)
    {
        var (caller, agent) = Read(request.AgentId, context);
        var usage = await agents.Get(caller.Tenant, agent).GetUsageAsync(context.CancellationToken) ?? throw NotFound(agent);
        return new GetUsageResponse
        {
            AgentId = usage.Agent.Value,
            Allowed = usage.Allowed,
            Denied = usage.Denied,
            LastDecisionAt = usage.LastDecisionAt?.ToTimestamp(),
            Limits = { usage.Limits.IsDefault ? [] : usage.Limits.Select(QuotaMapping.ToMessage) },
        };
    }

    [RequiresScope(Scopes.AgentWrite)]
    public override async Task<AdjustQuotaResponse> AdjustQuota(AdjustQuotaRequest request, ServerCallContext context)
    {
        var (caller, agent) = Read(request.AgentId, context);
        var command = AdjustmentMapping.Read(request, caller);
        var outcome = await agents.Get(caller.Tenant, agent).AdjustAsync(command);
        if (!outcome.IsRegistered)
        {
            throw NotFound(agent);
        }

        if (outcome.IsShared)
        {
            throw RpcErrors.LimitNotBound(command.Policy, command.Limit).ToRpcException();
        }

        return outcome.Limit is { } limit
            ? new AdjustQuotaResponse { Limit = QuotaMapping.ToMessage(limit), ExpiresAt = outcome.ExpiresAt.ToTimestamp(), Replayed = outcome.Replayed }
            : throw RpcErrors.NotFound("LIMIT_NOT_FOUND", "limit", $"{command.Policy}/{command.Limit}").ToRpcException();
    }

    private ITenantGrain Tenant(ClientIdentity caller) => grains.GetGrain<ITenantGrain>(GrainKeys.Of(caller.Tenant));

    private static (ClientIdentity Caller, AgentId Agent) Read(string agentId, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var named = agentId.Length == 0 ? caller.SoleAgent?.Value ?? "" : agentId;
        if (RequestSyntax.CheckAgentId(named) is { } fault)
        {
            throw RpcErrors.InvalidFields([fault]).ToRpcException();
        }

        var agent = AgentId.Parse(named);
        return caller.SpeaksFor(agent) ? (caller, agent) : throw RpcErrors.AgentNotBound(named).ToRpcException();
    }

    private static RpcException NotFound(AgentId agent) => RpcErrors.NotFound("AGENT_NOT_FOUND", "agent", agent.Value).ToRpcException();
}
