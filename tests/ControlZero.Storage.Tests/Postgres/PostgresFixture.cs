using ControlZero.Servers;
using ControlZero.Storage.Postgres;
using Npgsql;

namespace ControlZero.Storage.Tests.Postgres;

/// <summary>One PostgreSQL for all tests that need one, and one database with our tables for those that do not care which.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private int _services;

    public PostgresServer Server { get; private set; } = null!;

    /// <summary>A database with our tables, shared: a test takes a service id of its own.</summary>
    public NpgsqlDataSource Database { get; private set; } = null!;

    public string ConnectionString => Database.ConnectionString;

    /// <summary>A service or cluster id that no other test uses.</summary>
    public string NewId() => $"id-{Interlocked.Increment(ref _services)}";

    /// <summary>An empty database of its own.</summary>
    public async Task<NpgsqlDataSource> CreateDatabaseAsync() => NpgsqlDataSource.Create(await Server.CreateDatabaseAsync());

    public async Task InitializeAsync()
    {
        Server = await PostgresServer.StartAsync();
        Database = await CreateDatabaseAsync();
        await PostgresSchema.EnsureAsync(Database);
    }

    public async Task DisposeAsync()
    {
        await Database.DisposeAsync();
        await Server.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresFixture>
{
    public const string Name = "PostgreSQL";
}
