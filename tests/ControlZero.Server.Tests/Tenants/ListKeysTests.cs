using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;

namespace ControlZero.Server.Tests.Tenants;

[Collection(RunningServerCollection.Name)]
public sealed class ListKeysTests(RunningServer server)
{
    private readonly TenantService.TenantServiceClient _tenants = new(server.Channel);

    [Fact]
    public async Task ListKeys_ShowsThoseOfTheTenantInOrder_PageByPage_AndNoKey()
    {
        var (_, admin) = await server.NewTenantAsync();
        var (_, other) = await server.NewTenantAsync();
        var second = await _tenants.CreateKeyAsync(new CreateKeyRequest { Name = "ci", Scopes = { "enforce" } }, server.With(admin));
        var third = await _tenants.CreateKeyAsync(new CreateKeyRequest { Name = "ops", Scopes = { "admin" } }, server.With(admin));
        await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = second.KeyInfo.KeyId }, server.With(admin));

        var first = await _tenants.ListKeysAsync(new ListKeysRequest { PageSize = 2 }, server.With(admin));
        var last = await _tenants.ListKeysAsync(new ListKeysRequest { PageSize = 2, PageToken = first.NextPageToken }, server.With(admin));
        var theirs = await _tenants.ListKeysAsync(new ListKeysRequest(), server.With(other));

        Assert.Equal(2, first.Keys.Count);
        Assert.Equal(second.KeyInfo.KeyId, first.Keys[1].KeyId);
        Assert.NotNull(first.Keys[1].RevokedAt);
        Assert.Equal([third.KeyInfo], last.Keys);
        Assert.Equal("", last.NextPageToken);
        Assert.Single(theirs.Keys);
        Assert.DoesNotContain(third.Key, $"{first}{last}", StringComparison.Ordinal);
        await RpcAssert.RefusesAsync(
            _tenants.ListKeysAsync(new ListKeysRequest { PageToken = first.NextPageToken }, server.With(other)), ("page_token", "PAGE_TOKEN_INVALID"));
    }
}
