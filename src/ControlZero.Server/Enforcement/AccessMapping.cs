using System.Globalization;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>Questions about what an agent may use, and their answers.</summary>
internal static class AccessMapping
{
    private const string DefaultAction = "llm.generate";

    /// <summary>Reads a question.</summary>
    /// <exception cref="RpcException">A field is wrong, or the key is not bound to the agent.</exception>
    public static (AgentId Agent, AccessQuery Query) Read(GetAccessRequest request, ClientIdentity caller)
    {
        var named = request.AgentId.Length == 0 ? caller.SoleAgent?.Value ?? "" : request.AgentId;
        var action = request.Action.Length == 0 ? DefaultAction : request.Action;
        var faults = Faults(request, named, action).ToList();
        if (faults.Count > 0)
        {
            throw RpcErrors.InvalidFields(faults).ToRpcException();
        }

        var agent = AgentId.Parse(named);
        if (!caller.SpeaksFor(agent))
        {
            throw RpcErrors.AgentNotBound(named).ToRpcException();
        }

        return (agent, new AccessQuery(action, [.. request.Resources], Offset(request.PageToken) ?? 0, PageRequest.ReadSize(request.PageSize)));
    }

    /// <summary>The answer.</summary>
    public static GetAccessResponse ToMessage(AccessOutcome outcome, AccessQuery query, bool allowedOnly)
    {
        var next = query.Skip + query.Take;
        return new GetAccessResponse
        {
            Resources = { outcome.Entries.Where(entry => !allowedOnly || entry.Decision.Allowed).Select(ToMessage) },
            Limits = { outcome.Limits.Select(QuotaMapping.ToMessage) },
            NextPageToken = next < outcome.Total ? next.ToString(CultureInfo.InvariantCulture) : "",
            PolicyEpoch = outcome.Epoch,
        };
    }

    private static ResourceAccess ToMessage(AccessEntry entry)
    {
        var message = new ResourceAccess
        {
            Resource = entry.Resource,
            Decision = entry.Decision.Allowed ? Decision.Allow : Decision.Deny,
            ReasonCode = entry.Decision.ReasonCode,
            Policy = entry.Decision.Policy,
            RuleId = entry.Decision.RuleId,
            Limits = { entry.Limits },
        };
        if (entry.Tightest is { } tightest)
        {
            message.TightestLimit = tightest;
        }

        return message;
    }

    private static IEnumerable<FieldFault> Faults(GetAccessRequest request, string agent, string action)
    {
        foreach (var fault in new[] { RequestSyntax.CheckAgentId(agent), RequestSyntax.CheckAction(action) }.OfType<FieldFault>())
        {
            yield return fault;
        }

        if (request.Resources.Count > Limits.PageMaxSize)
        {
            yield return new FieldFault(
                "resources",
                FaultCodes.TooMany,
                $"resources has {request.Resources.Count} entries, {Limits.PageMaxSize} are allowed",
                "ask about them in several calls",
                Limits.PageMaxSize,
                request.Resources.Count);
            yield break;
        }

        for (var index = 0; index < request.Resources.Count; index++)
        {
            if (RequestSyntax.CheckResource(request.Resources[index]) is { } fault)
            {
                yield return fault with { Field = $"resources[{index}]", Message = $"in resources[{index}], {fault.Message}" };
            }
        }

        if (PageRequest.CheckSize(request.PageSize) is { } size)
        {
            yield return size;
        }

        if (request.PageToken.Length > 0 && Offset(request.PageToken) is null)
        {
            yield return PageRequest.TokenFault;
        }
    }

    private static int? Offset(string token) => int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : null;
}
