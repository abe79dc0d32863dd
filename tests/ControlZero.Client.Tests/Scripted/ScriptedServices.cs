using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Testing.Scripted;

internal sealed class ScriptedEnforcementService(ScriptedCluster cluster) : EnforcementService.EnforcementServiceBase
{
    public override Task<EnforceResponse> Enforce(EnforceRequest request, ServerCallContext context) => cluster.AnswerAsync<EnforceResponse>(request, context);

    public override Task<EnforceBatchResponse> EnforceBatch(EnforceBatchRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<EnforceBatchResponse>(request, context);

    /// <summary>Each message is answered as a test says, in its own time. An answer that fails at once ends the stream.</summary>
    public override async Task EnforceStream(
        IAsyncStreamReader<EnforceStreamRequest> requestStream, IServerStreamWriter<EnforceStreamResponse> responseStream, ServerCallContext context)
    {
        var writing = new SemaphoreSlim(1);
        var answers = new List<Task>();
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            var answer = AnswerAsync(requestStream.Current);
            answers.Add(answer);
            if (answer.IsFaulted)
            {
                // Before the next read: none may outlive the call, the connection's later ones would find it under way.
                await answer;
            }
        }

        await Task.WhenAll(answers);

        async Task AnswerAsync(EnforceStreamRequest request)
        {
            var answer = await cluster.AnswerAsync<EnforceStreamResponse>(request, context);
            answer.CorrelationId = request.CorrelationId;
            await writing.WaitAsync(context.CancellationToken);
            try
            {
                await responseStream.WriteAsync(answer);
            }
            finally
            {
                writing.Release();
            }
        }
    }

    public override Task<SettleResponse> Settle(SettleRequest request, ServerCallContext context) => cluster.AnswerAsync<SettleResponse>(request, context);

    public override Task<CancelResponse> Cancel(CancelRequest request, ServerCallContext context) => cluster.AnswerAsync<CancelResponse>(request, context);

    public override Task<GetAccessResponse> GetAccess(GetAccessRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<GetAccessResponse>(request, context);

    public override Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context) => cluster.AnswerAsync<ExplainResponse>(request, context);
}

internal sealed class ScriptedPolicyService(ScriptedCluster cluster) : PolicyService.PolicyServiceBase
{
    public override Task<ValidatePolicyResponse> ValidatePolicy(ValidatePolicyRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<ValidatePolicyResponse>(request, context);

    public override Task<PublishPolicyResponse> PublishPolicy(PublishPolicyRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<PublishPolicyResponse>(request, context);

    public override Task<GetPolicyResponse> GetPolicy(GetPolicyRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<GetPolicyResponse>(request, context);

    public override Task<ListPoliciesResponse> ListPolicies(ListPoliciesRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<ListPoliciesResponse>(request, context);

    public override Task<ListPolicyVersionsResponse> ListPolicyVersions(ListPolicyVersionsRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<ListPolicyVersionsResponse>(request, context);

    public override Task<RollbackPolicyResponse> RollbackPolicy(RollbackPolicyRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<RollbackPolicyResponse>(request, context);

    public override Task<DeletePolicyResponse> DeletePolicy(DeletePolicyRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<DeletePolicyResponse>(request, context);

    public override async Task ReplayPolicy(ReplayPolicyRequest request, IServerStreamWriter<ReplayPolicyResponse> responseStream, ServerCallContext context) =>
        await responseStream.WriteAsync(await cluster.AnswerAsync<ReplayPolicyResponse>(request, context));
}

internal sealed class ScriptedAgentService(ScriptedCluster cluster) : AgentService.AgentServiceBase
{
    public override Task<PutAgentResponse> PutAgent(PutAgentRequest request, ServerCallContext context) => cluster.AnswerAsync<PutAgentResponse>(request, context);

    public override Task<GetAgentResponse> GetAgent(GetAgentRequest request, ServerCallContext context) => cluster.AnswerAsync<GetAgentResponse>(request, context);

    public override Task<ListAgentsResponse> ListAgents(ListAgentsRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<ListAgentsResponse>(request, context);

    public override Task<DeleteAgentResponse> DeleteAgent(DeleteAgentRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<DeleteAgentResponse>(request, context);

    public override Task<SuspendAgentResponse> SuspendAgent(SuspendAgentRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<SuspendAgentResponse>(request, context);

    public override Task<ResumeAgentResponse> ResumeAgent(ResumeAgentRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<ResumeAgentResponse>(request, context);

    public override Task<GetUsageResponse> GetUsage(GetUsageRequest request, ServerCallContext context) => cluster.AnswerAsync<GetUsageResponse>(request, context);
}

internal sealed class ScriptedModelService(ScriptedCluster cluster) : ModelService.ModelServiceBase
{
    public override Task<SuspendModelResponse> SuspendModel(SuspendModelRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<SuspendModelResponse>(request, context);

    public override Task<ResumeModelResponse> ResumeModel(ResumeModelRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<ResumeModelResponse>(request, context);

    public override Task<ListSuspendedModelsResponse> ListSuspendedModels(ListSuspendedModelsRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<ListSuspendedModelsResponse>(request, context);
}

internal sealed class ScriptedTenantService(ScriptedCluster cluster) : TenantService.TenantServiceBase
{
    public override Task<ListTenantsResponse> ListTenants(ListTenantsRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<ListTenantsResponse>(request, context);

    public override Task<SuspendTenantResponse> SuspendTenant(SuspendTenantRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<SuspendTenantResponse>(request, context);

    public override Task<ResumeTenantResponse> ResumeTenant(ResumeTenantRequest request, ServerCallContext context) =>
        cluster.AnswerAsync<ResumeTenantResponse>(request, context);

    public override Task<CreateKeyResponse> CreateKey(CreateKeyRequest request, ServerCallContext context) => cluster.AnswerAsync<CreateKeyResponse>(request, context);

    public override Task<ListKeysResponse> ListKeys(ListKeysRequest request, ServerCallContext context) => cluster.AnswerAsync<ListKeysResponse>(request, context);

    public override Task<RevokeKeyResponse> RevokeKey(RevokeKeyRequest request, ServerCallContext context) => cluster.AnswerAsync<RevokeKeyResponse>(request, context);
}

internal sealed class ScriptedClusterService(ScriptedCluster cluster) : ClusterService.ClusterServiceBase
{
    public override Task<GetStatusResponse> GetStatus(GetStatusRequest request, ServerCallContext context) => cluster.AnswerAsync<GetStatusResponse>(request, context);

    public override Task<GetLimitsResponse> GetLimits(GetLimitsRequest request, ServerCallContext context) => cluster.AnswerAsync<GetLimitsResponse>(request, context);
}
