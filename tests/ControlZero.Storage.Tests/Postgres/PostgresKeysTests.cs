using ControlZero.Abstractions;
using ControlZero.Storage.Postgres;
using ControlZero.Storage.Tests.Contract;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresKeysTests(PostgresFixture postgres) : StoredKeysContract, IAsyncLifetime
{
    private ServiceProvider _silo = null!;

    protected override IGrainStorage Storage => _silo.GetRequiredKeyedService<IGrainStorage>("test");

    protected override IStoredKeys Keys => _silo.GetRequiredKeyedService<IStoredKeys>("test");

    public async Task InitializeAsync()
    {
        var silo = new TestSilo(postgres.NewId());
        silo.AddPostgresGrainStorage("test", postgres.Database);
        _silo = silo.Services.BuildServiceProvider();
        await TestSilo.StartAsync((PostgresGrainStorage)Storage);
    }

    public Task DisposeAsync() => _silo.DisposeAsync().AsTask();

    [Fact]
    public async Task Read_OfALargeTable_ReadsItsRangeOfTheIndexAlone()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await PostgresSchema.EnsureAsync(database);
        await ExecuteAsync(database, """
            INSERT INTO orleansstorage SELECT 's', 1, number, 'agent/agent', 0, 0, '/acme' || number % 50 || '~' || number, 'x', now(), 1 FROM generate_series(1, 50000) AS number;
            ANALYZE orleansstorage;
            """);
        await using var keys = new NpgsqlCommand($"EXPLAIN {PostgresKeys.Query}", await database.OpenConnectionAsync())
        {
            Parameters = { new() { Value = "s" }, new() { Value = "agent/agent" }, new() { Value = "/acme7~" }, new() { Value = "/acme7~~" }, new() { Value = 100 } },
        };

        var plan = new List<string>();
        await using (var reader = await keys.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                plan.Add(reader.GetString(0));
            }
        }

        await keys.Connection!.DisposeAsync();
        Assert.Contains(plan, line => line.Contains("using orleansstorage_keys", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("Filter", StringComparison.Ordinal) || line.Contains("Sort", StringComparison.Ordinal));
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
