using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;

namespace ControlZero.Server.Tests.Tenants;

[Collection(RunningServerCollection.Name)]
public sealed class ListTenantsTests(RunningServer server)
{
    private readonly TenantService.TenantServiceClient _tenants = new(server.Channel);

    [Fact]
    public async Task ListTenants_ShowsEveryTenantOnceInTheOrderOfTheirIds_PageByPage()
    {
        var (one, _) = await server.NewTenantAsync();
        var (two, _) = await server.NewTenantAsync(maxAgents: 7);
        await _tenants.SuspendTenantAsync(new SuspendTenantRequest { TenantId = two, Reason = "unpaid" }, server.With());

        var shown = new List<Tenant>();
        var request = new ListTenantsRequest { PageSize = 3 };
        do
        {
            var page = await _tenants.ListTenantsAsync(request, server.With());
            Assert.InRange(page.Tenants.Count, 1, 3);
            shown.AddRange(page.Tenants);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        var ids = shown.Select(tenant => tenant.TenantId).ToList();
        Assert.Equal(ids.Distinct().Order(StringComparer.Ordinal), ids);
        Assert.Superset(new HashSet<string> { "default", one, two }, ids.ToHashSet());
        var found = shown.Single(tenant => tenant.TenantId == two);
        Assert.Equal((await _tenants.GetTenantAsync(new GetTenantRequest { TenantId = two }, server.With())).Tenant, found);
        Assert.Equal(("unpaid", 7L), (found.Suspension.Reason, found.MaxAgents));
        await RpcAssert.RefusesAsync(_tenants.ListTenantsAsync(new ListTenantsRequest { PageSize = -1 }, server.With()), ("page_size", "PAGE_SIZE_RANGE"));
    }
}
