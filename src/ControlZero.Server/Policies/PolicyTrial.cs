using ControlZero.Abstractions.Agents;
using ControlZero.Engine;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Requests;
using ControlZero.Grains.Hosting;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Rpc;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace ControlZero.Server.Policies;

/// <summary>Decides requests under documents that come with the call: no grain, no storage, no tenant but the caller's word.</summary>
internal sealed class PolicyTrial([FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    public TestPolicyResponse Run(TestPolicyRequest request, ClientIdentity caller)
    {
        CheckCounts(request);
        var defaultOnEmpty = ReadDefault(request.DefaultOnEmpty);
        var parsed = request.Documents.Select(PolicyParser.Parse).ToList();
        var response = new TestPolicyResponse
        {
            Diagnostics = { parsed.SelectMany((result, index) => result.Diagnostics.Select(finding => finding.ToMessage(index))) },
        };
        if (parsed.TrueForAll(result => result.IsValid))
        {
            // Version 0: the documents were never published.
            var policies = PolicySet.Create(parsed.Select(result => CompiledPolicy.Compile(result.Document!, 0)), defaultOnEmpty);
            response.Responses.Add(request.Requests.Select((one, index) => Decide(policies, one, index, caller, response.Diagnostics)));
        }

        return response;
    }

    private EnforceResponse Decide(
        PolicySet policies,
        EnforceRequest request,
        int index,
        ClientIdentity caller,
        RepeatedField<Diagnostic> diagnostics)
    {
        var path = $"requests[{index}].";
        var agentId = request.AgentId.Length == 0 ? caller.SoleAgent?.Value ?? "" : request.AgentId;
        var context = request.Context is null ? null : ContextMapping.ToValue(request.Context);
        var faults = EnforceQuestion.Faults(request, agentId, context, path);

        // Enforce refuses a context that claims a fact of the server's own. Here it is said and does no harm: no condition reads it.
        diagnostics.Add(faults.Where(fault => fault.Code == FaultCodes.ContextReserved).Select(PolicyMapping.ToWarning));
        faults.RemoveAll(fault => fault.Code == FaultCodes.ContextReserved);
        if (faults.Count > 0)
        {
            throw RpcErrors.InvalidFields(faults).ToRpcException();
        }

        if (UnenforcedFields.Refuse(request, path) is { } refusal)
        {
            throw refusal.ToRpcException();
        }

        var question = EnforceQuestion.ToDomain(request, context);
        var now = clock.GetUtcNow();
        var asked = new EvaluationRequest
        {
            AgentId = agentId,
            Action = question.Action,
            Resource = question.Resource,
            Context = question.Context,
            Now = now,
        };
        var (evaluation, denied) = policies.For(agentId).EvaluateAll(in asked, question.Candidates);
        return EnforceMapping.ToResponse(
            new Authorization(evaluation.Decision, evaluation.EvaluatedRules, 0, denied),
            Ulid.NewUlid(now).ToString(),
            request.RequestId,
            request.DryRun);
    }

    private static Effect ReadDefault(string word) => word switch
    {
        "" => Effect.Deny,
        "deny" or "warn" or "allow" when Effects.TryParse(word, out var effect) => effect,
        _ => throw RpcErrors.InvalidFields([new FieldFault(
            "default_on_empty", "FIELD_VALUE", $"default_on_empty `{word}` is no default", "send `deny`, `warn` or `allow`")]).ToRpcException(),
    };

    private static void CheckCounts(TestPolicyRequest request)
    {
        if (request.Documents.Count > Limits.TenantMaxPolicies)
        {
            throw RpcErrors.TooMany("documents", request.Documents.Count, Limits.TenantMaxPolicies).ToRpcException();
        }

        if (request.Requests.Count > Limits.TestMaxRequests)
        {
            throw RpcErrors.TooMany("requests", request.Requests.Count, Limits.TestMaxRequests).ToRpcException();
        }
    }
}
