using System.Diagnostics.CodeAnalysis;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Context;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;
using Status = Google.Rpc.Status;

namespace ControlZero.Server.Enforcement;

/// <summary>A checked <see cref="EnforceRequest"/>: every field within its limits, and the caller allowed to ask for the agent.</summary>
/// <param name="Tenant">The key's tenant.</param>
/// <param name="Agent">The agent that wants to act.</param>
/// <param name="Request">What it wants.</param>
/// <param name="RequestId">The caller's id for the request, or one made here.</param>
internal readonly record struct EnforceQuestion(TenantId Tenant, AgentId Agent, AuthorizeRequest Request, string RequestId)
{
    /// <summary>Checks a request.</summary>
    /// <param name="request">The message.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="path">What stands before a field's name in an error: where in the call the message was.</param>
    /// <exception cref="RpcException">A field is wrong or not enforced by this build, or the key is not bound to the agent.</exception>
    public static EnforceQuestion Read(EnforceRequest request, ClientIdentity caller, string path = "") =>
        TryRead(request, caller, path, out var question, out var refusal) ? question : throw refusal.ToRpcException();

    /// <summary>Checks a request of several: false, and why, when it is wrong, so that the others can go on.</summary>
    /// <param name="request">The message.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="path">What stands before a field's name in an error.</param>
    /// <param name="question">The checked request.</param>
    /// <param name="refusal">What <see cref="Read"/> would have failed with.</param>
    public static bool TryRead(
        EnforceRequest request,
        ClientIdentity caller,
        string path,
        out EnforceQuestion question,
        [NotNullWhen(false)] out Status? refusal)
    {
        question = default;
        if (ContextMapping.CheckEntries(request.Context) is { } crowded)
        {
            refusal = RpcErrors.InvalidFields([Locate(crowded, path)]);
            return false;
        }

        var context = request.Context is null ? null : ContextMapping.ToValue(request.Context);
        var agentId = request.AgentId.Length == 0 ? caller.SoleAgent?.Value ?? "" : request.AgentId;
        if (FirstFault(request, agentId, context) is not null)
        {
            refusal = RpcErrors.InvalidFields(Faults(request, agentId, context, path));
            return false;
        }

        var agent = AgentId.Parse(agentId);
        refusal = caller.SpeaksFor(agent) ? null : RpcErrors.AgentNotBound(agentId);
        if (refusal is not null)
        {
            return false;
        }

        var requestId = request.RequestId.Length == 0 ? Ulid.NewUlid().ToString() : request.RequestId;
        question = new EnforceQuestion(caller.Tenant, agent, ToDomain(request, context), requestId);
        return true;
    }

    /// <summary>Every fault of the message's fields.</summary>
    public static List<FieldFault> Faults(EnforceRequest request, string agentId, ContextValue? context, string path) =>
    [
        .. new[]
            {
                RequestSyntax.CheckAgentId(agentId),
                request.RequestId.Length == 0 ? null : RequestSyntax.CheckRequestId(request.RequestId),
                RequestSyntax.CheckAction(request.Action),
                request.Resource.Length == 0 ? null : RequestSyntax.CheckResource(request.Resource),
            }
            .Concat(CandidateSyntax.Check(request.CandidateResources))
            .Append(context is null ? null : RequestSyntax.CheckContext(context))
            .Concat(request.Estimate is null ? [] : UsageMapping.Check(request.Estimate))
            .OfType<FieldFault>()
            .Select(fault => Locate(fault, path)),
    ];

    /// <summary>The fault, told from where in the call its message was.</summary>
    public static FieldFault Locate(FieldFault fault, string path) => path.Length == 0
        ? fault
        : fault with { Field = path + fault.Field, Message = $"in {path.TrimEnd('.')}, {fault.Message}" };

    /// <summary>The message as the engine and the grains know it.</summary>
    public static AuthorizeRequest ToDomain(EnforceRequest request, ContextValue? context) => new()
    {
        Action = request.Action,
        Resource = request.Resource.Length == 0 ? null : request.Resource,
        Context = context,
        Candidates = request.CandidateResources.Count == 0 ? [] : [.. request.CandidateResources],
        DryRun = request.DryRun,
        MinEpoch = request.MinPolicyEpoch,
        RequestId = request.RequestId.Length == 0 ? null : request.RequestId,
        Estimate = request.Estimate is null ? null : UsageMapping.ToDomain(request.Estimate),
    };

    // The way of a request without a fault: it allocates nothing.
    private static FieldFault? FirstFault(EnforceRequest request, string agentId, ContextValue? context) =>
        RequestSyntax.CheckAgentId(agentId)
        ?? (request.RequestId.Length == 0 ? null : RequestSyntax.CheckRequestId(request.RequestId))
        ?? RequestSyntax.CheckAction(request.Action)
        ?? (request.Resource.Length == 0 ? null : RequestSyntax.CheckResource(request.Resource))
        ?? (request.CandidateResources.Count == 0 ? null : CandidateSyntax.Check(request.CandidateResources).FirstOrDefault())
        ?? (context is null ? null : RequestSyntax.CheckContext(context))
        ?? (request.Estimate is null ? null : UsageMapping.Check(request.Estimate).FirstOrDefault());
}
