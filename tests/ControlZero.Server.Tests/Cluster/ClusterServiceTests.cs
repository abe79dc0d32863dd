using ControlZero.Engine;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;

namespace ControlZero.Server.Tests.Cluster;

[Collection(RunningServerCollection.Name)]
public sealed class ClusterServiceTests(RunningServer server)
{
    private readonly ClusterService.ClusterServiceClient _cluster = new(server.Channel);

    [Fact]
    public async Task GetStatus_OfARunningServer_NamesTheSiloAndTheCaller()
    {
        var status = await _cluster.GetStatusAsync(new GetStatusRequest(), server.With());

        Assert.Equal(("embedded", "0.1.0"), (status.Storage, status.Version));
        Assert.True(Assert.Single(status.Silos) is { Status: "active", Answering: true });
        Assert.Equal((true, TimeSpan.FromMinutes(5)), (status.Freshness.Fresh, status.Freshness.Bound.ToTimeSpan()));
        Assert.True(status.Freshness.Age.ToTimeSpan() >= TimeSpan.Zero);
        Assert.Equal("default", status.Caller.TenantId);
        Assert.Equal(["admin", "cluster:admin"], status.Caller.Scopes);
    }

    [Fact]
    public async Task GetStatus_ForClusterAdmin_TellsWhatTheSiloSaysAndWhatDiffersFromAdvice()
    {
        var status = await _cluster.GetStatusAsync(new GetStatusRequest(), server.With());

        var silo = Assert.Single(status.Silos);
        Assert.Equal((true, "0.1.0", 0), (silo.Ready, silo.Version, silo.NotReadyReasons.Count));
        Assert.Equal(status.StartedAt, silo.StartedAt);
        Assert.StartsWith("127.0.0.1:", silo.Address, StringComparison.Ordinal);
        Assert.Equal(
            ["admin_key_file", "audit_unsigned", "embedded_storage", "few_silos", "no_tls", "unknown_agents_allowed"],
            status.Advice.Select(advice => advice.Id).Except(["privileged", "diagnostics_port"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task GetStatus_ForAnotherTenantsAdmin_TellsNeitherAdviceNorAddresses()
    {
        var (_, key) = await server.NewTenantAsync();

        var status = await _cluster.GetStatusAsync(new GetStatusRequest(), server.With(key));

        Assert.Empty(status.Advice);
        Assert.True(Assert.Single(status.Silos) is { Address: "", Ready: true });
    }

    [Fact]
    public async Task GetLimits_ShowsEveryConstantOfTheOneFile()
    {
        var shown = (await _cluster.GetLimitsAsync(new GetLimitsRequest(), server.With())).Limits;

        var constants = typeof(Limits).GetFields()
            .Where(field => field.Name is not (nameof(Limits.PageDefaultSize) or nameof(Limits.TenantDefaultMaxAgents)))
            .Select(field => Convert.ToInt64(field.GetRawConstantValue(), System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(constants.Order(), shown.Select(limit => limit.Value).Order());
        Assert.Equal(shown.Select(limit => limit.Name).Order(StringComparer.Ordinal), shown.Select(limit => limit.Name));
        Assert.All(shown, limit => Assert.False(string.IsNullOrEmpty(limit.Description) || string.IsNullOrEmpty(limit.Unit)));
    }
}
