using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>A tenant of one row's own: with the policy of the README, and the agent whose usage is watched.</summary>
internal sealed class HostileTarget
{
    /// <summary>The agent that asks, unless a row says otherwise.</summary>
    public const string Bot = "bot";

    private const string Example = """
        { "name": "openrouter-model-policy", "rules": [
          { "effect": "allow", "action": "llm.generate", "resource": "model/openai/gpt-4" },
          { "effect": "allow", "action": "tool.*" },
          { "effect": "deny", "action": "llm.generate", "resource": "model/*" } ] }
        """;

    private bool _hasLimits;

    private HostileTarget(RunningServer server, string tenant, string key)
    {
        (Server, Tenant, Key) = (server, tenant, key);
        Enforcement = new(server.Channel);
        Policies = new(server.Channel);
        Agents = new(server.Channel);
        Tenants = new(server.Channel);
        Cluster = new(server.Channel);
        Audit = new(server.Channel);
    }

    public RunningServer Server { get; }

    public string Tenant { get; }

    /// <summary>The tenant's first key.</summary>
    public string Key { get; }

    public EnforcementService.EnforcementServiceClient Enforcement { get; }

    public PolicyService.PolicyServiceClient Policies { get; }

    public AgentService.AgentServiceClient Agents { get; }

    public TenantService.TenantServiceClient Tenants { get; }

    public ClusterService.ClusterServiceClient Cluster { get; }

    public AuditService.AuditServiceClient Audit { get; }

    public Metadata Headers => Server.With(Key);

    /// <summary>How many decisions about <see cref="Bot"/> the row was given: its usage must have grown by these and no more.</summary>
    public int Decisions { get; set; }

    /// <summary>What the row must leave as it is; a row that publishes a policy of its own first takes it anew.</summary>
    public string Before { get; set; } = "";

    /// <summary>Every failure the row was answered with, for the comparison with its prose.</summary>
    public List<(StatusCode Code, string Reason)> Failures { get; } = [];

    public static async Task<HostileTarget> CreateAsync(RunningServer server)
    {
        var (tenant, key) = await server.NewTenantAsync();
        var target = new HostileTarget(server, tenant, key);
        await target.Agents.PutAgentAsync(new PutAgentRequest { AgentId = Bot }, target.Headers);
        await target.PublishAsync(Example);
        return target;
    }

    public static EnforceRequest Ask(Action<EnforceRequest>? set = null)
    {
        var request = new EnforceRequest { AgentId = Bot, Action = "llm.generate", Resource = "model/openai/gpt-4" };
        set?.Invoke(request);
        return request;
    }

    public async Task<PublishPolicyResponse> PublishAsync(string document) =>
        await Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = document }, Headers);

    /// <summary>Puts a limit beside the policy, until <see cref="RemoveLimitsAsync"/>.</summary>
    public async Task LimitAsync(string limit)
    {
        await PublishAsync($$"""{ "name": "limits", "rules": [ { "allow": "never:*" } ], "limits": [ { "name": "l", {{limit}}, "window": "month" } ] }""");
        Before = await SnapshotAsync();
        _hasLimits = true;
    }

    /// <summary>Removes the limits of the row.</summary>
    public async Task RemoveLimitsAsync()
    {
        if (_hasLimits)
        {
            await PublishAsync("""{ "name": "limits", "enabled": false, "rules": [ { "allow": "never:*" } ] }""");
        }
    }

    public async Task<EnforceResponse> DecideAsync(EnforceRequest request, Metadata? headers = null)
    {
        var answer = await Enforcement.EnforceAsync(request, headers ?? Headers);
        Decisions += request.AgentId == Bot ? 1 : 0;
        Assert.NotEqual(Decision.Unspecified, answer.Decision);
        return answer;
    }

    /// <summary>The call fails so; a reason of null says that a framework answers, in no form of ours.</summary>
    public async Task<Google.Rpc.Status?> FailsAsync<T>(AsyncUnaryCall<T> call, StatusCode code, string? reason)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        var status = failure.GetRpcStatus();
        var info = status?.GetDetail<ErrorInfo>();
        Assert.Equal((code, reason), (failure.StatusCode, info?.Reason));
        Assert.Equal(reason is null ? null : "controlzero", info?.Domain);
        Failures.Add((code, reason ?? ""));
        return status;
    }

    /// <summary>The request is refused for one field, with that code, and with the limit it broke where there is one.</summary>
    public async Task RefusedAsync<T>(AsyncUnaryCall<T> call, string field, string code, long? limit = null, long? actual = null)
    {
        var status = await FailsAsync(call, StatusCode.InvalidArgument, code);
        var violation = Assert.Single(status!.GetDetail<BadRequest>().FieldViolations);
        var metadata = status.GetDetail<ErrorInfo>().Metadata;
        Assert.Equal((field, code), (violation.Field, violation.Reason));
        Assert.Equal((field, limit?.ToString(), actual?.ToString()), (metadata["field"], metadata.GetValueOrDefault("limit"), metadata.GetValueOrDefault("actual")));
        Assert.DoesNotContain(violation.Description, char.IsControl);
    }

    /// <summary>What no refused request may change.</summary>
    public async Task<string> SnapshotAsync()
    {
        var status = await Cluster.GetStatusAsync(new GetStatusRequest(), Headers);
        var policies = await Policies.ListPoliciesAsync(new ListPoliciesRequest(), Headers);
        return $"epoch {status.PolicyEpoch}, {status.PoliciesInForce} in force: {policies}";
    }

    public async Task<long> UsageAsync()
    {
        var usage = await Agents.GetUsageAsync(new GetUsageRequest { AgentId = Bot }, Headers);
        return usage.Allowed + usage.Denied;
    }
}
