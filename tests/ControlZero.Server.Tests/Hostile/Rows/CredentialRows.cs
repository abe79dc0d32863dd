using System.Text;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Tests.Hostile.Transport;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Group A: credentials.</summary>
internal static class CredentialRows
{
    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["A02"] = Header(_ => ""),
        ["A03"] = Header(_ => "Basic Y3o6eA=="),
        ["A05"] = Header(key => $"Bearer  {key}"),
        ["A07"] = Header(key => $"Bearer {key.ToUpperInvariant()}"),
        ["A09"] = new(UnknownKeysAsync),
        ["A11"] = new(ExpiredAsync),
        ["A12"] = new(EarlyAsync),
        ["A13"] = new(TwoHeadersAsync),
        ["A14"] = Header(key => $"Bearer {key}, Bearer {key}"),
        ["A15"] = new(target => RefusedBelowGrpcAsync(target, "Bearer cz_live_" + new string('a', 1 << 20))),
        ["A17"] = new(NonAsciiAsync),
        ["A19"] = new(target => ScopeAsync(target, "enforce")),
        ["A20"] = new(target => ScopeAsync(target, "policy:read")),
        ["A23"] = new(SpoofedAsync),
        ["A24"] = Header(key => $"Bearer {key.Replace("cz_live_", "cz_test_", StringComparison.Ordinal)}"),
    };

    private static RowRun Header(Func<string, string> header) => new(target => target.FailsAsync(
        target.Enforcement.EnforceAsync(HostileTarget.Ask(), new Metadata { { "authorization", header(target.Key) } }),
        StatusCode.Unauthenticated,
        "INVALID_CREDENTIALS"));

    private static async Task UnknownKeysAsync(HostileTarget target)
    {
        for (var i = 0; i < 200; i++)
        {
            await target.FailsAsync(
                target.Enforcement.EnforceAsync(HostileTarget.Ask(), target.Server.With(ApiKey.Generate(test: false).Text)),
                StatusCode.Unauthenticated,
                "INVALID_CREDENTIALS");
        }
    }

    private static async Task ExpiredAsync(HostileTarget target)
    {
        var end = target.Server.Clock.GetUtcNow().AddMinutes(5);
        var key = await NewKeyAsync(target, request => request.ExpiresAt = end.ToTimestamp());
        target.Server.Clock.Advance(TimeSpan.FromMinutes(5));
        await UnauthenticatedAsync(target, key);
    }

    private static async Task EarlyAsync(HostileTarget target) =>
        await UnauthenticatedAsync(
            target, await NewKeyAsync(target, request => request.NotBefore = target.Server.Clock.GetUtcNow().AddHours(1).ToTimestamp()));

    private static async Task TwoHeadersAsync(HostileTarget target)
    {
        var headers = target.Headers;
        headers.Add("authorization", $"Bearer {target.Server.AdminKey}");
        await target.FailsAsync(target.Enforcement.EnforceAsync(HostileTarget.Ask(), headers), StatusCode.Unauthenticated, "INVALID_CREDENTIALS");
    }

    private static async Task RefusedBelowGrpcAsync(HostileTarget target, string header)
    {
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);
        var answer = await raw.CallAsync(RawHttp2.EnforcePath, HostileTarget.Ask().ToByteArray(), [("authorization", Encoding.ASCII.GetBytes(header))]);
        Assert.True(answer.IsRefusedBelowGrpc, answer.ToString());
    }

    private static async Task NonAsciiAsync(HostileTarget target)
    {
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);
        var answer = await raw.CallAsync(
            RawHttp2.EnforcePath, HostileTarget.Ask().ToByteArray(), [("authorization", Encoding.UTF8.GetBytes("Bearer cz_live_ключ"))]);
        Assert.True(answer.IsRefusedBelowGrpc || answer.GrpcStatus == (int)StatusCode.Unauthenticated, answer.ToString());
    }

    private static async Task ScopeAsync(HostileTarget target, string scope)
    {
        var key = await target.Server.NewKeyAsync(target.Key, [scope]);
        var status = await target.FailsAsync(
            target.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = "name: p\nrules: [{allow: '*'}]" }, target.Server.With(key)),
            StatusCode.PermissionDenied,
            "SCOPE_REQUIRED");
        Assert.Equal("policy:write", status!.GetDetail<Google.Rpc.ErrorInfo>().Metadata["scope"]);
        await target.Tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = key.Split('_')[2] }, target.Headers);
    }

    private static async Task SpoofedAsync(HostileTarget target)
    {
        var headers = target.Headers;
        headers.Add("x-tenant-id", "default");
        headers.Add("x-forwarded-for", "127.0.0.1");
        headers.Add("x-czc-admin", "1");

        var status = await target.Cluster.GetStatusAsync(new GetStatusRequest(), headers);

        Assert.Equal(target.Tenant, status.Caller.TenantId);
        Assert.Equal((await target.Cluster.GetStatusAsync(new GetStatusRequest(), target.Headers)).Caller, status.Caller);
    }

    private static async Task<string> NewKeyAsync(HostileTarget target, Action<CreateKeyRequest> set)
    {
        var request = new CreateKeyRequest { Scopes = { "enforce" } };
        set(request);
        return (await target.Tenants.CreateKeyAsync(request, target.Headers)).Key;
    }

    private static Task UnauthenticatedAsync(HostileTarget target, string key) => target.FailsAsync(
        target.Enforcement.EnforceAsync(HostileTarget.Ask(), target.Server.With(key)), StatusCode.Unauthenticated, "INVALID_CREDENTIALS");
}
