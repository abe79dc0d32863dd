using ControlZero.Servers;
using ControlZero.Storage.Postgres;
using ControlZero.Storage.Tests.Contract;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresSchemaTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Everything = """
        SELECT string_agg(line, E'\n' ORDER BY line) FROM (
            SELECT format('%s %s %s', c.oid, c.relname, c.xmin) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
            UNION ALL SELECT format('query %s %s', q.querykey, q.xmin) FROM orleansquery q
            UNION ALL SELECT format('layout %s %s', l.version, l.xmin) FROM controlzero_layout l) AS found (line)
        """;

    private NpgsqlDataSource _database = null!;

    public async Task InitializeAsync() => _database = await postgres.CreateDatabaseAsync();

    public Task DisposeAsync() => _database.DisposeAsync().AsTask();

    [Fact]
    public async Task Ensure_OnAnEmptyDatabase_PassesTheCheck()
    {
        await PostgresSchema.EnsureAsync(_database);

        await PostgresSchema.CheckAsync(_database);
    }

    [Fact]
    public async Task Ensure_Again_ChangesNothing()
    {
        await PostgresSchema.EnsureAsync(_database);
        var before = await ScalarAsync(Everything);

        await PostgresSchema.EnsureAsync(_database);

        Assert.Equal(before, await ScalarAsync(Everything));
    }

    [Fact]
    public async Task Ensure_ByManyAtOnce_SucceedsForAll()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => PostgresSchema.EnsureAsync(_database)));

        await PostgresSchema.CheckAsync(_database);
    }

    [Fact]
    public async Task Ensure_WhileAnotherIsAtIt_WaitsForItAndFindsItDone()
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var takeTurn = new NpgsqlCommand("SELECT pg_advisory_xact_lock(x'435A434C'::bigint)", connection))
        {
            await takeTurn.ExecuteNonQueryAsync();
        }

        var ensure = PostgresSchema.EnsureAsync(_database);
        await using (var look = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)", connection))
        {
            while (!(bool)(await look.ExecuteScalarAsync())!)
            {
                Assert.False(ensure.IsCompleted, "it did not wait for its turn");
            }
        }

        await using (var table = new NpgsqlCommand("SELECT to_regclass('controlzero_layout') IS NULL", connection))
        {
            Assert.Equal(true, await table.ExecuteScalarAsync());
        }

        await transaction.CommitAsync();
        await ensure;
        await PostgresSchema.CheckAsync(_database);
    }

    [Fact]
    public async Task Ensure_AfterAQueryWasLost_RestoresIt()
    {
        await PostgresSchema.EnsureAsync(_database);
        await ExecuteAsync("DELETE FROM orleansquery WHERE querykey = 'ReadFromStorageKey'");

        await PostgresSchema.EnsureAsync(_database);

        await PostgresSchema.CheckAsync(_database);
    }

    [Fact]
    public async Task Ensure_OnADatabaseOfAReleaseWithoutTheIndexOfKeys_MakesIt()
    {
        await PostgresSchema.EnsureAsync(_database);
        await ExecuteAsync("DROP INDEX orleansstorage_keys");

        var refusal = await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.CheckAsync(_database));
        await PostgresSchema.EnsureAsync(_database);

        Assert.Contains("the index `orleansstorage_keys` is missing; let the server create it", refusal.Message, StringComparison.Ordinal);
        await PostgresSchema.CheckAsync(_database);
    }

    [Fact]
    public async Task EnsureAndCheck_OnTablesOfAnotherProgram_AreRefused()
    {
        await ExecuteAsync("CREATE TABLE OrleansQuery (QueryKey varchar(64) PRIMARY KEY, QueryText varchar(8000))");

        foreach (var refusal in await RefusalsAsync())
        {
            Assert.Contains("tables of Orleans that this server did not make", refusal, StringComparison.Ordinal);
        }

        Assert.Equal(true, await ScalarAsync("SELECT to_regclass('controlzero_layout') IS NULL"));
    }

    [Fact]
    public async Task EnsureAndCheck_OnTheLayoutOfANewerRelease_AreRefused()
    {
        await PostgresSchema.EnsureAsync(_database);
        await ExecuteAsync("INSERT INTO controlzero_layout VALUES (99)");

        foreach (var refusal in await RefusalsAsync())
        {
            Assert.Contains("newer release (layout 99, this build reads up to 1)", refusal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task EnsureAndCheck_WithoutTheConstraintThatFences_AreRefused()
    {
        await PostgresSchema.EnsureAsync(_database);
        await ExecuteAsync("ALTER TABLE orleansstorage DROP CONSTRAINT orleansstorage_identity");

        foreach (var refusal in await RefusalsAsync())
        {
            Assert.Contains("`orleansstorage_identity` is missing", refusal, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task EnsureAndCheck_WhereAnAnsweredWriteMayBeLost_AreRefused()
    {
        var settings = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Options = "-c synchronous_commit=off" };
        await using var forgetful = NpgsqlDataSource.Create(settings);

        var ensure = await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.EnsureAsync(forgetful));
        await PostgresSchema.EnsureAsync(_database);
        var check = await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.CheckAsync(forgetful));

        Assert.Contains("`synchronous_commit` is off", ensure.Message, StringComparison.Ordinal);
        Assert.Contains("`synchronous_commit` is off", check.Message, StringComparison.Ordinal);
    }

    // These two are the whole server's, so it is one of its own.
    [Fact]
    public async Task Ensure_OnAServerThatDoesNotSync_IsRefused()
    {
        await using var server = await PostgresServer.StartAsync();
        await using (var source = NpgsqlDataSource.Create(server.ConnectionString))
        {
            foreach (var setting in (string[])["fsync", "full_page_writes"])
            {
                await using var command = source.CreateCommand($"ALTER SYSTEM SET {setting} = off");
                await command.ExecuteNonQueryAsync();
            }
        }

        await server.StopAsync();
        await server.RestartAsync();
        await using var forgetful = NpgsqlDataSource.Create(server.ConnectionString);
        var refusal = await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.EnsureAsync(forgetful));

        Assert.Contains("`fsync` is off", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("`full_page_writes` is off", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OnAnEmptyDatabase_SaysWhatIsMissingAndMakesNothing()
    {
        var refusal = await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.CheckAsync(_database));

        Assert.Contains("layout 1 is missing (found 0); let the server create it", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0L, await ScalarAsync("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"));
    }

    [Fact]
    public async Task Check_WithTwoFaults_NamesBoth()
    {
        await PostgresSchema.EnsureAsync(_database);
        await ExecuteAsync("DELETE FROM orleansquery WHERE querykey = 'ReadFromStorageKey'");
        await ExecuteAsync("UPDATE orleansquery SET querytext = 'SELECT 1' WHERE querykey = 'WriteToStorageKey'");

        var refusal = await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.CheckAsync(_database));

        Assert.Contains("`ReadFromStorageKey` in `orleansquery` is missing", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("`WriteToStorageKey` in `orleansquery` is another one", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ensure_ByAUserWhoMayNotMakeTables_SaysWhoMay()
    {
        await ExecuteAsync("CREATE ROLE reader LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Username = "reader" });

        var refusal = await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.EnsureAsync(database));

        Assert.Contains("permission denied for schema public; let a user who owns", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serving_ByAUserWhoMayOnlyReadAndWriteRows_Works()
    {
        await PostgresSchema.EnsureAsync(_database);
        await ExecuteAsync("CREATE ROLE server LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO server");
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Username = "server" });
        var silo = new TestSilo("service");
        silo.AddPostgresGrainStorage("test", database).UsePostgresClustering(database);
        await using var services = silo.Services.BuildServiceProvider();

        await PostgresSchema.CheckAsync(database);
        var storage = (PostgresGrainStorage)services.GetRequiredKeyedService<IGrainStorage>("test");
        await TestSilo.StartAsync(storage);
        var state = new GrainState<Counter>(new Counter { Value = 1 });
        await storage.WriteStateAsync("counter", GrainId.Create("agent", "a"), state);
        await storage.ClearStateAsync("counter", GrainId.Create("agent", "a"), state);
        await services.GetRequiredService<IMembershipTable>().InitializeMembershipTableAsync(true, CancellationToken.None);

        Assert.False(state.RecordExists);
    }

    [Fact]
    public async Task Check_WithoutAServer_SaysWhereItLooked()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=/nowhere;Username=nobody;Password=hush;Database=none");

        var refusal = await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.CheckAsync(nowhere));

        Assert.StartsWith("the database `none` on `/nowhere` cannot be opened: ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", refusal.Message, StringComparison.Ordinal);
    }

    private async Task<string[]> RefusalsAsync() =>
    [
        (await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.EnsureAsync(_database))).Message,
        (await Assert.ThrowsAsync<PostgresStorageException>(() => PostgresSchema.CheckAsync(_database))).Message,
    ];

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
