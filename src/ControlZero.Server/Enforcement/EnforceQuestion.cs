using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Context;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

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
    public static EnforceQuestion Read(EnforceRequest request, ClientIdentity caller, string path = "")
    {
        var context = request.Context is null ? null : ContextMapping.ToValue(request.Context, path);
        var agentId = request.AgentId.Length == 0 ? caller.SoleAgent?.Value ?? "" : request.AgentId;
        if (FirstFault(request, agentId, context) is not null)
        {
            throw RpcErrors.InvalidFields(Faults(request, agentId, context, path)).ToRpcException();
        }

        UnenforcedFields.Refuse(request, path);
        var agent = AgentId.Parse(agentId);
        if (!caller.SpeaksFor(agent))
        {
            throw RpcErrors.AgentNotBound(agentId).ToRpcException();
        }

        var requestId = request.RequestId.Length == 0 ? Ulid.NewUlid().ToString() : request.RequestId;
        return new EnforceQuestion(caller.Tenant, agent, ToDomain(request, context), requestId);
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
                context is null ? null : RequestSyntax.CheckContext(context),
            }
            .OfType<FieldFault>()
            .Select(fault => path.Length == 0
                ? fault
                : fault with { Field = path + fault.Field, Message = $"in {path.TrimEnd('.')}, {fault.Message}" }),
    ];

    /// <summary>The message as the engine and the grains know it.</summary>
    public static AuthorizeRequest ToDomain(EnforceRequest request, ContextValue? context) => new()
    {
        Action = request.Action,
        Resource = request.Resource.Length == 0 ? null : request.Resource,
        Context = context,
    };

    // The way of a request without a fault: it allocates nothing.
    private static FieldFault? FirstFault(EnforceRequest request, string agentId, ContextValue? context) =>
        RequestSyntax.CheckAgentId(agentId)
        ?? (request.RequestId.Length == 0 ? null : RequestSyntax.CheckRequestId(request.RequestId))
        ?? RequestSyntax.CheckAction(request.Action)
        ?? (request.Resource.Length == 0 ? null : RequestSyntax.CheckResource(request.Resource))
        ?? (context is null ? null : RequestSyntax.CheckContext(context));
}
