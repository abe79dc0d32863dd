using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Tenants;

[Collection(RunningServerCollection.Name)]
public sealed class TenantServiceTests(RunningServer server)
{
    private readonly TenantService.TenantServiceClient _tenants = new(server.Channel);

    [Fact]
    public async Task Create_ThenGet_GivesItsSettings()
    {
        var created = await _tenants.CreateTenantAsync(
            new CreateTenantRequest { TenantId = "settings", UnknownAgents = "allow", MaxAgents = 5, DefaultOnEmpty = "warn", Test = true, AllowStale = true }, server.With());

        var found = await _tenants.GetTenantAsync(new GetTenantRequest { TenantId = "settings" }, server.With());

        Assert.Equal(created.Tenant, found.Tenant);
        Assert.Equal(("allow", 5L, "warn", true), (found.Tenant.UnknownAgents, found.Tenant.MaxAgents, found.Tenant.DefaultOnEmpty, found.Tenant.Test));
        Assert.True(found.Tenant.AllowStale);
        Assert.StartsWith("cz_test_", created.Key, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WithoutSettings_TakesTheStrictOnes()
    {
        var created = await _tenants.CreateTenantAsync(new CreateTenantRequest { TenantId = "strict" }, server.With());

        Assert.Equal(("deny", 100_000L, "deny", false),
            (created.Tenant.UnknownAgents, created.Tenant.MaxAgents, created.Tenant.DefaultOnEmpty, created.Tenant.Test));
        Assert.False(created.Tenant.AllowStale);
    }

    [Fact]
    public async Task Create_Twice_AlreadyExists()
    {
        await _tenants.CreateTenantAsync(new CreateTenantRequest { TenantId = "twice" }, server.With());

        await RpcAssert.FailsAsync(
            StatusCode.AlreadyExists, "TENANT_EXISTS", _tenants.CreateTenantAsync(new CreateTenantRequest { TenantId = "twice" }, server.With()));
    }

    [Fact]
    public async Task Create_WithBadFields_NamesThemAll() => await RpcAssert.RefusesAsync(
        _tenants.CreateTenantAsync(
            new CreateTenantRequest { TenantId = "fine", UnknownAgents = "maybe", MaxAgents = -1, DefaultOnEmpty = "audit" }, server.With()),
        ("unknown_agents", "FIELD_VALUE"),
        ("default_on_empty", "FIELD_VALUE"),
        ("max_agents", "NUMBER_RANGE"));

    [Theory]
    [InlineData("*")]
    [InlineData("A")]
    [InlineData("a/b")]
    [InlineData("a_b")]
    [InlineData("-a")]
    public async Task Create_WithABadId_IsRefused(string id) => await RpcAssert.RefusesAsync(
        _tenants.CreateTenantAsync(new CreateTenantRequest { TenantId = id }, server.With()), ("tenant_id", "ID_SYNTAX"));

    [Fact]
    public async Task Get_ATenantThatIsNotThere_IsNotFound() => await RpcAssert.FailsAsync(
        StatusCode.NotFound, "TENANT_NOT_FOUND", _tenants.GetTenantAsync(new GetTenantRequest { TenantId = "nowhere" }, server.With()));

    [Fact]
    public async Task CreateKey_WithScopesAndBinding_IsWhatWasAskedFor()
    {
        var (_, admin) = await server.NewTenantAsync();

        var created = await _tenants.CreateKeyAsync(
            new CreateKeyRequest { Name = "ci", Scopes = { "enforce", "policy:read" }, Agents = { "ci-*" } }, server.With(admin));

        var status = await new ClusterService.ClusterServiceClient(server.Channel).GetStatusAsync(new GetStatusRequest(), server.With(created.Key));
        Assert.Equal(["enforce", "policy:read"], status.Caller.Scopes);
        Assert.Equal(["ci-*"], status.Caller.Agents);
        Assert.Equal(created.KeyInfo.KeyId, status.Caller.KeyId);
        Assert.DoesNotContain(created.Key, created.KeyInfo.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateKey_WithClusterAdmin_IsRefusedToEverybody() => await RpcAssert.FailsAsync(
        StatusCode.PermissionDenied,
        "SCOPE_NOT_HELD",
        _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "cluster:admin" } }, server.With()));

    [Fact]
    public async Task CreateKey_ByABoundKey_StaysWithinItsBinding()
    {
        var (_, admin) = await server.NewTenantAsync();
        var bound = await server.NewKeyAsync(admin, ["admin"], "team-a-*");

        var inside = await _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" }, Agents = { "team-a-1" } }, server.With(bound));
        var inherited = await _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" } }, server.With(bound));

        Assert.Equal(["team-a-1"], inside.KeyInfo.Agents);
        Assert.Equal(["team-a-*"], inherited.KeyInfo.Agents);
        foreach (var foreign in new[] { "*", "team-*", "team-b-1", "team-a?1" })
        {
            await RpcAssert.FailsAsync(
                StatusCode.PermissionDenied,
                "BINDING_NOT_HELD",
                _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" }, Agents = { foreign } }, server.With(bound)));
        }
    }

    [Fact]
    public async Task CreateKey_WithBadFields_NamesThem()
    {
        await RpcAssert.RefusesAsync(_tenants.CreateKeyAsync(new CreateKeyRequest(), server.With()), ("scopes", "FIELD_REQUIRED"));
        await RpcAssert.RefusesAsync(
            _tenants.CreateKeyAsync(
                new CreateKeyRequest
                {
                    Name = new string('n', 129),
                    Scopes = { "everything" },
                    NotBefore = new Timestamp { Seconds = long.MaxValue },
                    ExpiresAt = new Timestamp { Seconds = 1 },
                },
                server.With()),
            ("name", "FIELD_TOO_LONG"),
            ("scopes", "SCOPE_UNKNOWN"),
            ("not_before", "TIME_RANGE"),
            ("expires_at", "TIME_RANGE"));
    }

    [Fact]
    public async Task RevokeKey_OfAnotherTenantOrNone_ReadsTheSame()
    {
        var (_, mine) = await server.NewTenantAsync();
        var (_, theirs) = await server.NewTenantAsync();
        var status = await new ClusterService.ClusterServiceClient(server.Channel).GetStatusAsync(new GetStatusRequest(), server.With(theirs));

        foreach (var id in new[] { status.Caller.KeyId, "000000000000", "../../etc" })
        {
            await RpcAssert.FailsAsync(
                StatusCode.NotFound, "KEY_NOT_FOUND", _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = id }, server.With(mine)));
        }

        await RpcAssert.RefusesAsync(_tenants.RevokeKeyAsync(new RevokeKeyRequest(), server.With(mine)), ("key_id", "FIELD_REQUIRED"));
        await new ClusterService.ClusterServiceClient(server.Channel).GetStatusAsync(new GetStatusRequest(), server.With(theirs));
    }
}
