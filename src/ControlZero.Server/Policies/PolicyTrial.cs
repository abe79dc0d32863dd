using System.Text;
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
    // With so many the documents after are not read: somebody has to mend these first.
    private const int MaxFindings = 500;

    public TestPolicyResponse Run(TestPolicyRequest request, ClientIdentity caller)
    {
        CheckCounts(request);
        var defaultOnEmpty = ReadDefault(request.DefaultOnEmpty);
        var response = new TestPolicyResponse();
        var parsed = ReadDocuments(request, response.Diagnostics);
        if (parsed.TrueForAll(result => result.IsValid))
        {
            // Version 0: the documents were never published.
            var policies = PolicySet.Create(parsed.Select(result => CompiledPolicy.Compile(result.Document!, 0)), defaultOnEmpty);
            var (steps, bytes) = (0L, 0L);
            for (var index = 0; index < request.Requests.Count; index++)
            {
                var (answer, cost) = Decide(policies, request.Requests[index], index, caller, response.Diagnostics);
                response.Responses.Add(answer);
                if ((steps += cost) > Limits.TestMaxSteps)
                {
                    throw TooCostly($"matching the requests up to number {index} took", "steps", steps, Limits.TestMaxSteps).ToRpcException();
                }

                if ((bytes += answer.CalculateSize()) > Limits.TestMaxAnswerBytes)
                {
                    throw TooCostly($"the answers up to number {index} have", "bytes", bytes, Limits.TestMaxAnswerBytes).ToRpcException();
                }
            }
        }

        return response;
    }

    // The documents share what one may have: values, and findings that are put into words.
    private static List<PolicyParseResult> ReadDocuments(TestPolicyRequest request, RepeatedField<Diagnostic> diagnostics)
    {
        var parsed = new List<PolicyParseResult>(request.Documents.Count);
        long values = 0;
        foreach (var document in request.Documents)
        {
            var result = PolicyParser.Parse(document);
            diagnostics.Add(result.Diagnostics.Select(finding => finding.ToMessage(parsed.Count)));
            parsed.Add(result);
            if ((values += result.Values) > Limits.PolicyMaxValues)
            {
                throw RpcErrors.InvalidFields([new FieldFault(
                    "documents",
                    "POLICY_TOO_LARGE",
                    $"documents up to number {parsed.Count - 1} have {values} values together, {Limits.PolicyMaxValues} are allowed",
                    "test fewer documents in a call",
                    Limits.PolicyMaxValues,
                    values)]).ToRpcException();
            }

            if (diagnostics.Count > MaxFindings && !parsed.TrueForAll(read => read.IsValid))
            {
                break;
            }
        }

        return parsed;
    }

    private (EnforceResponse Answer, long Steps) Decide(
        PolicySet policies,
        EnforceRequest request,
        int index,
        ClientIdentity caller,
        RepeatedField<Diagnostic> diagnostics)
    {
        var path = $"requests[{index}].";
        var agentId = request.AgentId.Length == 0 ? caller.SoleAgent?.Value ?? "" : request.AgentId;
        if (ContextMapping.CheckEntries(request.Context) is { } crowded)
        {
            throw RpcErrors.InvalidFields([EnforceQuestion.Locate(crowded, path)]).ToRpcException();
        }

        var context = request.Context is null ? null : ContextMapping.ToValue(request.Context);
        var faults = EnforceQuestion.Faults(request, agentId, context, path);

        // Enforce refuses a context that claims a fact of the server's own. Here it is said and does no harm: no condition reads it.
        diagnostics.Add(faults.Where(fault => fault.Code == FaultCodes.ContextReserved).Select(PolicyMapping.ToWarning));
        faults.RemoveAll(fault => fault.Code == FaultCodes.ContextReserved);
        if (request.MinPolicyEpoch > 0)
        {
            faults.Add(new FieldFault(
                $"{path}min_policy_epoch", "FIELD_VALUE", $"{path}min_policy_epoch is set, and documents of a test have no epoch", "leave it out"));
        }

        if (faults.Count > 0)
        {
            throw RpcErrors.InvalidFields(faults).ToRpcException();
        }

        var question = EnforceQuestion.ToDomain(request, context);
        var now = clock.GetUtcNow();
        var asked = new EvaluationRequest
        {
            AgentId = agentId,
            Action = question.Action,
            Resource = question.Resource,
            Context = question.Context,
            Estimate = question.Estimate,
            Now = now,
        };
        var (evaluation, denied) = policies.For(agentId).DecideAll(in asked, question.Candidates);
        var answer = EnforceMapping.ToResponse(
            new Authorization(evaluation.Decision, evaluation.EvaluatedRules, 0, denied),
            Ulid.NewUlid(now).ToString(),
            request.RequestId,
            request.DryRun);
        return (answer, evaluation.Steps);
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

        var bytes = request.Documents.Sum(document => (long)Encoding.UTF8.GetByteCount(document));
        if (bytes > Limits.TestMaxDocumentBytes)
        {
            throw RpcErrors.InvalidFields([new FieldFault(
                "documents",
                "POLICY_TOO_LARGE",
                $"documents have {bytes} bytes together, {Limits.TestMaxDocumentBytes} are allowed",
                "test fewer documents in a call",
                Limits.TestMaxDocumentBytes,
                bytes)]).ToRpcException();
        }

        if (request.Requests.Count > Limits.TestMaxRequests)
        {
            throw RpcErrors.TooMany("requests", request.Requests.Count, Limits.TestMaxRequests).ToRpcException();
        }
    }

    private static Google.Rpc.Status TooCostly(string what, string unit, long actual, long limit) => RpcErrors.InvalidFields(
        [new FieldFault(
            "requests",
            "TEST_TOO_COSTLY",
            $"{what} {actual} {unit}, {limit} are allowed",
            "send them in several calls, or test simpler policies",
            limit,
            actual)]);
}
