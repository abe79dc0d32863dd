using ControlZero.Storage.Tests.Contract;
using Microsoft.Data.Sqlite;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Embedded;

/// <summary>
/// Faults of the embedded storage, brought about in its file by a second connection: a trigger that fails the statement, and a lock that
/// keeps the storage's thread waiting. There is no reply on a wire to lose; what is lost is the caller's patience (its token fires while
/// the write waits), and the write is applied all the same. A store that hangs before it applies does not exist here: what is queued runs.
/// </summary>
public sealed class EmbeddedStorageFaultTests : StorageFaultContract, IDisposable
{
    private readonly EmbeddedStorageFixture _fixture = new();
    private readonly SqliteConnection _second;

    public EmbeddedStorageFaultTests()
    {
        _second = new SqliteConnection($"Data Source={_fixture.FilePath};Pooling=False");
        _second.Open();
        Execute("CREATE TABLE applied (grain_key TEXT NOT NULL)");
        foreach (var (verb, row) in Changes)
        {
            Execute($"CREATE TRIGGER count_{verb} AFTER {verb} ON grain_state BEGIN INSERT INTO applied VALUES ({row}.grain_key); END");
        }
    }

    private static (string Verb, string Row)[] Changes => [("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")];

    protected override IGrainStorage Storage => _fixture.Storage;

    public static TheoryData<StorageFault, StorageOperation> Known() => WithEveryOperation(StorageFault.FailBefore, StorageFault.Delay);

    public static TheoryData<StorageFault, StorageOperation> Unknown() => WithEveryOperation(StorageFault.HangAfter);

    [Theory]
    [MemberData(nameof(Known))]
    public async Task Fault_ThatEndsByItself_IsToldAsItIs(StorageFault fault, StorageOperation operation)
    {
        var (told, applied) = await CheckAsync(fault, operation);

        Assert.Equal(fault == StorageFault.Delay ? Told.Applied : Told.Unknown, told);
        Assert.Equal(fault == StorageFault.Delay, applied);
    }

    [Theory]
    [MemberData(nameof(Unknown))]
    public async Task Caller_WhoStopsWaiting_IsNotToldThatNothingHappened(StorageFault fault, StorageOperation operation)
    {
        var outcome = await CheckAsync(fault, operation);

        Assert.Equal((Told.Unknown, true), outcome);
    }

    public void Dispose()
    {
        _second.Dispose();
        _fixture.Dispose();
    }

    protected override async Task SufferAsync(StorageFault fault, GrainId grain, Func<CancellationToken, Task> call)
    {
        if (fault == StorageFault.FailBefore)
        {
            await FailAsync(call);
            return;
        }

        using var source = new CancellationTokenSource();
        Execute("BEGIN IMMEDIATE");
        var running = call(source.Token);
        Assert.False(running.IsCompleted);
        if (fault == StorageFault.HangAfter)
        {
            await source.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Execute("ROLLBACK");
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // What is queued runs in order, so that after this answer the write before it was applied.
        await Storage.ReadStateAsync("counter", grain, new GrainState<Counter>());
        await running;
    }

    protected override Task<int> CountAppliedAsync(GrainId grain)
    {
        using var command = _second.CreateCommand();
        command.CommandText = "SELECT count(*) FROM applied WHERE grain_key = $key";
        command.Parameters.AddWithValue("$key", grain.Key.ToString());
        return Task.FromResult((int)(long)command.ExecuteScalar()!);
    }

    private async Task FailAsync(Func<CancellationToken, Task> call)
    {
        foreach (var (verb, _) in Changes)
        {
            Execute($"CREATE TRIGGER fail_{verb} BEFORE {verb} ON grain_state BEGIN SELECT RAISE(ABORT, 'fault'); END");
        }

        try
        {
            await call(CancellationToken.None);
        }
        finally
        {
            foreach (var (verb, _) in Changes)
            {
                Execute($"DROP TRIGGER fail_{verb}");
            }
        }
    }

    private void Execute(string sql)
    {
        using var command = _second.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
