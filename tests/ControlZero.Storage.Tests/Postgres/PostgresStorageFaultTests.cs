using ControlZero.Storage.Postgres;
using ControlZero.Storage.Tests.Contract;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Postgres;

/// <summary>Faults between the driver and PostgreSQL. Changes are counted by a trigger in the database.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresStorageFaultTests(PostgresFixture postgres) : StorageFaultContract, IAsyncLifetime
{
    private const string CountChanges = """
        CREATE TABLE applied (change bigint GENERATED ALWAYS AS IDENTITY);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO applied DEFAULT VALUES; RETURN NULL; END $$;
        CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON orleansstorage FOR EACH ROW EXECUTE FUNCTION note();
        """;

    private FaultyLink _link = null!;
    private NpgsqlDataSource _own = null!;
    private NpgsqlDataSource _faulty = null!;
    private ServiceProvider _services = null!;

    public static TheoryData<StorageFault, StorageOperation> Breaking() => WithEveryOperation(StorageFault.FailBefore, StorageFault.LoseReply);

    public static TheoryData<StorageFault, StorageOperation> Late() => WithEveryOperation(StorageFault.Delay);

    public static TheoryData<StorageFault, StorageOperation> Hanging() => WithEveryOperation(StorageFault.HangBefore, StorageFault.HangAfter);

    protected override IGrainStorage Storage => _services.GetRequiredKeyedService<IGrainStorage>("test");

    // One connection, open before any fault: what meets the fault is the statement, and not the opening of another.
    public async Task InitializeAsync()
    {
        _own = await postgres.CreateDatabaseAsync();
        await PostgresSchema.EnsureAsync(_own);
        await ExecuteAsync(CountChanges);
        var settings = new NpgsqlConnectionStringBuilder(_own.ConnectionString);
        _link = FaultyLink.Before(settings.Host!);
        settings.Host = _link.Host;
        settings.MaxPoolSize = 1;

        // Else a reset goes before each statement, and its answer would be the one that is lost.
        settings.NoResetOnClose = true;
        _faulty = NpgsqlDataSource.Create(settings);
        var silo = new TestSilo("faults");
        silo.AddPostgresGrainStorage("test", _faulty);
        _services = silo.Services.BuildServiceProvider();
        await TestSilo.StartAsync((PostgresGrainStorage)Storage);
    }

    public async Task DisposeAsync()
    {
        await _services.DisposeAsync();
        await _faulty.DisposeAsync();
        await _link.DisposeAsync();
        await _own.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Breaking))]
    public async Task Connection_ThatBreaks_IsToldAsUnknown(StorageFault fault, StorageOperation operation) =>
        Assert.Equal((Told.Unknown, fault == StorageFault.LoseReply), await CheckAsync(fault, operation));

    [Theory]
    [MemberData(nameof(Late))]
    public async Task Answer_ThatIsLate_IsWaitedFor(StorageFault fault, StorageOperation operation) =>
        Assert.Equal((Told.Applied, true), await CheckAsync(fault, operation));

    [Theory]
    [MemberData(nameof(Hanging))]
    public async Task Caller_WhoCancelsAHangingStatement_LearnsNothingOfItsOutcome(StorageFault fault, StorageOperation operation) =>
        Assert.Equal((Told.Unknown, fault == StorageFault.HangAfter), await CheckAsync(fault, operation));

    protected override async Task SufferAsync(StorageFault fault, GrainId grain, Func<CancellationToken, Task> call)
    {
        using var source = new CancellationTokenSource();
        await Storage.ReadStateAsync("counter", grain, new GrainState<Counter>());
        var armed = _link.Arm(fault);
        var running = call(source.Token);
        if (fault is StorageFault.Delay or StorageFault.HangBefore or StorageFault.HangAfter)
        {
            await armed.Met.WaitAsync(TimeSpan.FromMinutes(1));
            Assert.False(running.IsCompleted);
            if (fault != StorageFault.Delay)
            {
                await source.CancelAsync();
                await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            armed.Release();
        }

        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // There is one connection: when this one is answered, nothing of the call is under way any more.
        await Storage.ReadStateAsync("counter", grain, new GrainState<Counter>());
        await running;
    }

    protected override async Task<int> CountAppliedAsync(GrainId grain)
    {
        await using var command = _own.CreateCommand("SELECT count(*) FROM applied");
        return (int)(long)(await command.ExecuteScalarAsync())!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _own.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
