using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.Reflection;
using Grpc.Core;

namespace ControlZero.Server.Tests.Authentication;

/// <summary>Every method with every scope, from the protos themselves: a new method without a row here fails the build.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class ScopeMatrixTests(RunningServer server)
{
    private static readonly string[] Scopes = ["enforce", "policy:read", "policy:write", "agent:write", "audit:read", "admin"];

    // What a key needs for each method. "*": any key. Several: all of them, which of these keys only the admin's has.
    private static readonly Dictionary<string, string> Needed = new()
    {
        ["EnforcementService/Enforce"] = "enforce",
        ["EnforcementService/EnforceBatch"] = "enforce",
        ["EnforcementService/EnforceStream"] = "enforce",
        ["EnforcementService/Settle"] = "enforce",
        ["EnforcementService/Cancel"] = "enforce",
        ["EnforcementService/GetAccess"] = "enforce",
        ["EnforcementService/Explain"] = "policy:read",
        ["PolicyService/ValidatePolicy"] = "policy:read",
        ["PolicyService/PublishPolicy"] = "policy:write",
        ["PolicyService/GetPolicy"] = "policy:read",
        ["PolicyService/ListPolicies"] = "policy:read",
        ["PolicyService/ListPolicyVersions"] = "policy:read",
        ["PolicyService/RollbackPolicy"] = "policy:write",
        ["PolicyService/DeletePolicy"] = "policy:write",
        ["PolicyService/TestPolicy"] = "policy:read",
        ["PolicyService/ReplayPolicy"] = "policy:read audit:read",
        ["AgentService/PutAgent"] = "agent:write",
        ["AgentService/GetAgent"] = "agent:write",
        ["AgentService/ListAgents"] = "agent:write",
        ["AgentService/DeleteAgent"] = "agent:write",
        ["AgentService/SuspendAgent"] = "agent:write",
        ["AgentService/ResumeAgent"] = "agent:write",
        ["AgentService/GetUsage"] = "enforce",
        ["AgentService/AdjustQuota"] = "agent:write",
        ["ModelService/SuspendModel"] = "policy:write",
        ["ModelService/ResumeModel"] = "policy:write",
        ["ModelService/ListSuspendedModels"] = "policy:read",
        ["TenantService/CreateTenant"] = "cluster:admin",
        ["TenantService/GetTenant"] = "cluster:admin",
        ["TenantService/ListTenants"] = "cluster:admin",
        ["TenantService/SuspendTenant"] = "cluster:admin",
        ["TenantService/ResumeTenant"] = "cluster:admin",
        ["TenantService/CreateKey"] = "admin",
        ["TenantService/ListKeys"] = "admin",
        ["TenantService/RevokeKey"] = "admin",
        ["AuditService/QueryEvents"] = "audit:read",
        ["AuditService/TailEvents"] = "audit:read",
        ["AuditService/GetDecision"] = "audit:read",
        ["AuditService/VerifyLog"] = "cluster:admin",
        ["ClusterService/GetStatus"] = "*",
        ["ClusterService/GetLimits"] = "*",
    };

    private static IReadOnlyList<MethodDescriptor> Methods => EveryMethod.All;

    [Fact]
    public void Matrix_HasARowForEveryMethod() =>
        Assert.Equal(Needed.Keys.Order(), Methods.Select(method => $"{method.Service.Name}/{method.Name}").Order());

    [Fact]
    public async Task EveryMethod_WithEveryScope_OpensExactlyWhereItShould()
    {
        var (_, admin) = await server.NewTenantAsync();
        foreach (var scope in Scopes)
        {
            var key = await server.NewKeyAsync(admin, [scope]);
            foreach (var method in Methods)
            {
                var name = $"{method.Service.Name}/{method.Name}";
                var needed = Needed[name];
                var opens = needed == "*" || needed == scope || (scope == "admin" && needed != "cluster:admin");

                var status = await CallAsync(method, key);

                Assert.True(opens == (status != StatusCode.PermissionDenied), $"{name} with a key for {scope} answered {status}");
                Assert.NotEqual(StatusCode.Unauthenticated, status);
            }
        }
    }

    // An empty message, or a stream of one: what is wrong with it comes after the key.
    private async Task<StatusCode> CallAsync(MethodDescriptor method, string key)
    {
        var bytes = Marshallers.Create(static (byte[] value) => value, static value => value);
        var type = method.IsClientStreaming ? MethodType.DuplexStreaming : method.IsServerStreaming ? MethodType.ServerStreaming : MethodType.Unary;
        var call = new Method<byte[], byte[]>(type, method.Service.FullName, method.Name, bytes, bytes);
        var calls = server.Channel.CreateCallInvoker();
        try
        {
            if (type == MethodType.Unary)
            {
                await calls.AsyncUnaryCall(call, null, new CallOptions(server.With(key)), []);
                return StatusCode.OK;
            }

            if (type == MethodType.ServerStreaming)
            {
                // What it sends first tells that it is open; it would go on for ever.
                using var listening = calls.AsyncServerStreamingCall(call, null, new CallOptions(server.With(key)), []);
                await listening.ResponseStream.MoveNext(CancellationToken.None);
                return StatusCode.OK;
            }

            using var stream = calls.AsyncDuplexStreamingCall(call, null, new CallOptions(server.With(key)));
            await stream.RequestStream.WriteUnlessEndedAsync([], complete: true);
            Assert.Single(await stream.ResponseStream.ReadAllAsync().ToListAsync());
            return stream.GetStatus().StatusCode;
        }
        catch (RpcException failure)
        {
            return failure.StatusCode;
        }
    }
}
