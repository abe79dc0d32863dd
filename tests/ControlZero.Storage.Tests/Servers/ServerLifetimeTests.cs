using ControlZero.Servers;
using Npgsql;
using StackExchange.Redis;

namespace ControlZero.Storage.Tests.Servers;

/// <summary>The servers of the tests themselves: what a test stops and starts is what it thinks it is.</summary>
public sealed class ServerLifetimeTests
{
    [Fact]
    public async Task Postgres_StoppedAndStartedAgain_HasWhatWasCommitted()
    {
        await using var server = await PostgresServer.StartAsync();
        var connectionString = await server.CreateDatabaseAsync();
        await using (var database = NpgsqlDataSource.Create(connectionString))
        {
            await using var write = database.CreateCommand("CREATE TABLE kept AS SELECT 42 AS value");
            await write.ExecuteNonQueryAsync();
        }

        await server.StopAsync();
        await using var again = NpgsqlDataSource.Create(connectionString);
        await using var read = again.CreateCommand("SELECT value FROM kept");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => read.ExecuteScalarAsync());

        await server.RestartAsync();
        Assert.Equal(42, await read.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Redis_StoppedAndStartedAgain_HasWhatWasWritten()
    {
        await using var server = await RedisServer.StartAsync();
        await using (var connection = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString))
        {
            await connection.GetDatabase().StringSetAsync("kept", 42);
        }

        await server.StopAsync();
        var impatient = ConfigurationOptions.Parse(server.ConnectionString);
        (impatient.ConnectTimeout, impatient.ConnectRetry) = (500, 1);
        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync(impatient));

        await server.RestartAsync();
        await using var again = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        Assert.Equal(42, (int)await again.GetDatabase().StringGetAsync("kept"));
    }

    [Fact]
    public async Task Postgres_Disposed_LeavesNothingBehind()
    {
        var server = await PostgresServer.StartAsync();
        var directory = new NpgsqlConnectionStringBuilder(server.ConnectionString).Host!;
        Assert.True(File.Exists(Path.Combine(directory, "data", "postmaster.pid")));

        await server.DisposeAsync();

        Assert.False(Directory.Exists(directory));
    }
}
