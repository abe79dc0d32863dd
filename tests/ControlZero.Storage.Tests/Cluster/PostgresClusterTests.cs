using ControlZero.Storage.Postgres;
using ControlZero.Storage.Tests.Postgres;

namespace ControlZero.Storage.Tests.Cluster;

[Collection(PostgresCollection.Name)]
public sealed class PostgresClusterTests(PostgresFixture postgres) : ClusterContract, IAsyncLifetime
{
    private string _connectionString = "";

    protected override string ClusterId => "tests";

    public async Task InitializeAsync() => _connectionString = await postgres.Server.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Silo_OnADatabaseWithoutTables_StartsOnlyWhenAskedToMakeThem()
    {
        await using var cluster = new TestCluster("tests", silo => silo.UsePostgresClustering(_connectionString), Configure);

        var refusal = await Assert.ThrowsAnyAsync<Exception>(cluster.StartSiloAsync);

        Assert.Contains("layout 1 is missing", refusal.ToString(), StringComparison.Ordinal);
    }

    protected override void Configure(ISiloBuilder silo) => silo
        .EnsurePostgresSchema()
        .UsePostgresClustering(_connectionString)
        .AddPostgresGrainStorage(StorageName, _connectionString);

    protected override void Configure(IClientBuilder client) => client.UsePostgresClustering(_connectionString);
}
