using ControlZero.Storage.Postgres;
using ControlZero.Storage.Tests.Membership;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace ControlZero.Storage.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresMembershipTests(PostgresFixture postgres) : MembershipTableContract
{
    private readonly List<ServiceProvider> _silos = [];

    public override async Task DisposeAsync()
    {
        foreach (var silo in _silos)
        {
            await silo.DisposeAsync();
        }
    }

    [Fact]
    public async Task Update_OfASiloThatIsNotThere_IsRefusedAndKeepsTheVersion()
    {
        Assert.False(await UpdateAsync(Silo(1), 1));

        Assert.Equal(0, (await ReadAllAsync()).Version.Version);
    }

    [Fact]
    public async Task Update_ByWhoReadAnOlderSignOfLife_KeepsTheNewer()
    {
        var silo = Silo(1);
        silo.IAmAliveTime = silo.IAmAliveTime.AddMinutes(5);
        Assert.True(await InsertAsync(silo, 1));

        Assert.True(await UpdateAsync(Silo(1, SiloStatus.ShuttingDown), 2));

        var member = Assert.Single((await ReadAllAsync()).Members).Item1;
        Assert.Equal((SiloStatus.ShuttingDown, silo.IAmAliveTime), (member.Status, member.IAmAliveTime));
    }

    [Fact]
    public async Task Insert_OfTwoSilosWithOneVersionHeldOpen_OneWins()
    {
        var cluster = postgres.NewId();
        await using (var create = postgres.Database.CreateCommand(PostgresScripts.Queries["InsertMembershipVersionKey"]))
        {
            create.Parameters.AddWithValue("DeploymentId", cluster);
            Assert.Equal(true, await create.ExecuteScalarAsync());
        }

        var (first, second) = await HeldOpen.RunAsync(postgres.Database, () => Insert(cluster, 1), () => Insert(cluster, 2));

        Assert.Equal([true], first);
        Assert.Equal([false], second);
    }

    protected override string NewClusterId() => postgres.NewId();

    protected override IMembershipTable Open(string clusterId)
    {
        var silo = new TestSilo("service", clusterId);
        silo.UsePostgresClustering(postgres.Database);
        var services = silo.Services.BuildServiceProvider();
        _silos.Add(services);
        return services.GetRequiredService<IMembershipTable>();
    }

    private static NpgsqlCommand Insert(string cluster, int number)
    {
        var silo = Silo(number);
        return new NpgsqlCommand(PostgresScripts.Queries["InsertMembershipKey"])
        {
            Parameters =
            {
                new("DeploymentId", cluster),
                new("Address", silo.SiloAddress.Endpoint.Address.ToString()),
                new("Port", silo.SiloAddress.Endpoint.Port),
                new("Generation", silo.SiloAddress.Generation),
                new("SiloName", silo.SiloName),
                new("HostName", silo.HostName),
                new("Status", (int)silo.Status),
                new("ProxyPort", silo.ProxyPort),
                new("StartTime", silo.StartTime),
                new("IAmAliveTime", silo.IAmAliveTime),
                new("Version", NpgsqlDbType.Integer) { Value = 0 },
            },
        };
    }
}
