using ControlZero.Engine;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;

namespace ControlZero.Server.Tests.Policies;

/// <summary>What a tenant's enabled policies may come to together: a silo compiles and keeps them all.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class TenantSizeTests(RunningServer server)
{
    private readonly PolicyService.PolicyServiceClient _policies = new(server.Channel);

    [Fact]
    public async Task Publish_OfMoreBytesThanATenantMayHave_IsRefusedUnlessDisabledOrReplacing()
    {
        var (_, key) = await server.NewTenantAsync();
        for (var number = 0; number < Limits.TenantMaxPolicyBytes / Limits.PolicyMaxBytes; number++)
        {
            await PublishAsync(key, Large($"p{number}"));
        }

        var info = await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, "TENANT_MAX_POLICY_BYTES", Send(key, "name: q\nrules: [{allow: a}]"));

        Assert.Equal("4194304", info.Metadata["limit"]);
        await PublishAsync(key, "name: q\nenabled: false\nrules: [{allow: a}]");
        await PublishAsync(key, "name: p0\nrules: [{allow: a}]");
        await PublishAsync(key, "name: q\nrules: [{allow: a}]");
    }

    [Fact]
    public async Task Publish_OfMoreValuesThanATenantMayHave_IsRefused()
    {
        var (_, key) = await server.NewTenantAsync();
        var list = $"rules: [{{allow: a, when: {{k: {{in: [{string.Concat(Enumerable.Repeat("1,", Limits.PolicyMaxValues - 9))}1]}}}}}}]";
        for (var number = 0; number < Limits.TenantMaxPolicyValues / Limits.PolicyMaxValues; number++)
        {
            await PublishAsync(key, $"name: p{number}\n{list}");
        }

        var info = await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, "TENANT_MAX_POLICY_VALUES", Send(key, $"name: q\n{list}"));

        Assert.Equal("160000", info.Metadata["limit"]);
    }

    [Fact]
    public async Task Publish_OfMoreLimitsThanATenantMayHave_IsRefusedUnlessDisabledOrReplacing()
    {
        var (_, key) = await server.NewTenantAsync();
        var list = string.Join(", ", Enumerable.Range(0, Limits.PolicyMaxLimits).Select(number => $"{{name: l{number}, metric: in_flight, limit: 5}}"));
        for (var number = 0; number < Limits.TenantMaxLimits / Limits.PolicyMaxLimits; number++)
        {
            await PublishAsync(key, $"name: p{number}\nrules: [{{allow: a}}]\nlimits: [{list}]");
        }

        const string OneMore = "rules: [{allow: a}]\nlimits: [{name: l, metric: in_flight, limit: 5}]";
        var info = await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, "TENANT_MAX_LIMITS", Send(key, $"name: q\n{OneMore}"));

        Assert.Equal("256", info.Metadata["limit"]);
        await PublishAsync(key, $"name: q\nenabled: false\n{OneMore}");
        await PublishAsync(key, $"name: p0\n{OneMore}");
        await PublishAsync(key, $"name: q\n{OneMore}");
    }

    private static string Large(string name) => $"name: {name}\nrules: [{{allow: a}}]\n#".PadRight(Limits.PolicyMaxBytes, 'x');

    private AsyncUnaryCall<PublishPolicyResponse> Send(string key, string document) =>
        _policies.PublishPolicyAsync(new PublishPolicyRequest { Document = document }, server.With(key));

    private async Task PublishAsync(string key, string document) => await Send(key, document);
}
