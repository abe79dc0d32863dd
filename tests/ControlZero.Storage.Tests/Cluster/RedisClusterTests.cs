using ControlZero.Storage.Postgres;
using ControlZero.Storage.Redis;
using ControlZero.Storage.Tests.Postgres;
using ControlZero.Storage.Tests.Redis;

namespace ControlZero.Storage.Tests.Cluster;

[Collection(PostgresCollection.Name)]
public sealed class RedisClusterTests(PostgresFixture postgres, RedisFixture redis) : ClusterContract, IClassFixture<RedisFixture>
{
    protected override string ClusterId { get; } = $"redis-{postgres.NewId()}";

    protected override void Configure(ISiloBuilder silo) => silo
        .UseRedisMembership(redis.Server.ConnectionString)
        .AddPostgresGrainStorage(StorageName, postgres.Database);

    protected override void Configure(IClientBuilder client) => client.UseRedisMembership(redis.Server.ConnectionString);
}
