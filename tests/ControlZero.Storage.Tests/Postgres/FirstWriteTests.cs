using ControlZero.Storage.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace ControlZero.Storage.Tests.Postgres;

/// <summary>Two silos write a record that neither found. The fence of every quota is that one of them is refused.</summary>
[Collection(PostgresCollection.Name)]
public sealed class FirstWriteTests(PostgresFixture postgres)
{
    // The shape of the usual script for PostgreSQL: an index that is not unique, and a look before the insert.
    private const string StockTable = """
        CREATE TABLE stock (grainidhash integer NOT NULL, grainkey text NOT NULL, payload bytea, version integer);
        CREATE INDEX ix_stock ON stock (grainidhash);
        """;

    private const string StockWrite = """
        INSERT INTO stock (grainidhash, grainkey, payload, version)
        SELECT 1, 'acme~bot', '\x01', 1
        WHERE NOT EXISTS (SELECT FROM stock WHERE grainidhash = 1 AND grainkey = 'acme~bot')
        RETURNING version
        """;

    [Fact]
    public async Task StockShape_TwoFirstWrites_BothWinAndLeaveTwoRows()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await ExecuteAsync(database, StockTable);

        var (first, second) = await HeldOpen.RunAsync(database, () => new NpgsqlCommand(StockWrite), () => new NpgsqlCommand(StockWrite));

        Assert.Equal([1], first);
        Assert.Equal([1], second);
        Assert.Equal(2L, await ScalarAsync(database, "SELECT count(*) FROM stock"));
    }

    [Fact]
    public async Task OurShape_TwoFirstWrites_OneWins()
    {
        var service = postgres.NewId();

        var (first, second) = await HeldOpen.RunAsync(postgres.Database, () => Write(service, null), () => Write(service, null));

        Assert.Equal([1], first);
        Assert.Empty(second);
        Assert.Equal(1L, await ScalarAsync(postgres.Database, $"SELECT count(*) FROM orleansstorage WHERE serviceid = '{service}'"));
    }

    [Fact]
    public async Task OurShape_TwoWritesOfOneVersion_OneWins()
    {
        var service = postgres.NewId();
        await HeldOpen.RunAsync(postgres.Database, () => Write(service, null), () => new NpgsqlCommand("SELECT 1"));

        var (first, second) = await HeldOpen.RunAsync(postgres.Database, () => Write(service, 1), () => Write(service, 1));

        Assert.Equal([2], first);
        Assert.Empty(second);
    }

    [Fact]
    public async Task OurShape_TwoWritesOfAClearedRecord_OneWins()
    {
        var service = postgres.NewId();
        await HeldOpen.RunAsync(postgres.Database, () => Write(service, null), () => new NpgsqlCommand("SELECT 1"));
        await ExecuteAsync(postgres.Database, $"UPDATE orleansstorage SET payloadbinary = NULL, version = 2 WHERE serviceid = '{service}'");

        var (first, second) = await HeldOpen.RunAsync(postgres.Database, () => Write(service, null), () => Write(service, null));

        Assert.Equal([3], first);
        Assert.Empty(second);
    }

    private static NpgsqlCommand Write(string service, int? version) => new(PostgresScripts.Queries["WriteToStorageKey"])
    {
        Parameters =
        {
            new("ServiceId", service),
            new("GrainTypeHash", 1),
            new("GrainIdHash", 1),
            new("GrainTypeString", "agent/quota"),
            new("GrainIdN0", 7L),
            new("GrainIdN1", 7L),
            new("GrainIdExtensionString", "/acme~bot"),
            new("GrainStateVersion", NpgsqlDbType.Integer) { Value = (object?)version ?? DBNull.Value },
            new("PayloadBinary", new byte[] { 1 }),
        },
    };

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> ScalarAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
