using ControlZero.Storage.Tests.Contract;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Azure;

/// <summary>
/// Faults between the Azure client library and Azurite. Blobs are deleted on clear and rows are kept, so that both ways are covered.
/// </summary>
public abstract class AzureStorageFaultTests : StorageFaultContract, IAsyncLifetime, IDisposable
{
    private readonly FaultyConnection _connection;
    private readonly AzureStorageFixture _fixture;
    private int _requests = 1;
    private int _failingReads;

    private protected AzureStorageFaultTests(FaultyConnection connection, AzureStorageFixture fixture) => (_connection, _fixture) = (connection, fixture);

    protected override IGrainStorage Storage => _fixture.Storage;

    public static TheoryData<StorageFault, StorageOperation> Passing() =>
        WithEveryOperation(StorageFault.FailBefore, StorageFault.LoseReply, StorageFault.Delay, StorageFault.HangAfter);

    public static TheoryData<StorageFault, StorageOperation> Lasting() => WithEveryOperation(StorageFault.FailBefore, StorageFault.HangBefore);

    public static TheoryData<StorageFault, StorageOperation> Applied() => WithEveryOperation(StorageFault.LoseReply, StorageFault.HangAfter);

    public static TheoryData<StorageFault, StorageOperation> Hanging() => WithEveryOperation(StorageFault.HangBefore, StorageFault.HangAfter);

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task Fault_OfOneRequest_IsOvercome(StorageFault fault, StorageOperation operation)
    {
        Assert.Equal((Told.Applied, true), await CheckAsync(fault, operation));
    }

    [Theory]
    [MemberData(nameof(Lasting))]
    public async Task Fault_OfEveryRequest_IsToldAsUnknown(StorageFault fault, StorageOperation operation)
    {
        _requests = int.MaxValue;

        Assert.Equal((Told.Unknown, false), await CheckAsync(fault, operation));
    }

    [Theory]
    [MemberData(nameof(Applied))]
    public async Task LostReply_ThatCannotBeReadBack_IsToldAsUnknown(StorageFault fault, StorageOperation operation)
    {
        _failingReads = int.MaxValue;

        Assert.Equal((Told.Unknown, true), await CheckAsync(fault, operation));
    }

    [Theory]
    [MemberData(nameof(Hanging))]
    public async Task Caller_WhoCancelsAHangingRequest_LearnsNothingOfItsOutcome(StorageFault fault, StorageOperation operation)
    {
        _connection.HangsUntilCancelled = true;

        Assert.Equal((Told.Unknown, fault == StorageFault.HangAfter), await CheckAsync(fault, operation));
    }

    [Theory]
    [InlineData(StorageFault.FailBefore)]
    [InlineData(StorageFault.LoseReply)]
    public async Task SomebodyElse_WhoWritesBeforeTheReadBack_IsNotWrittenOver(StorageFault fault)
    {
        var grain = GrainId.Create("contract", "acme~contended");
        var mine = new GrainState<Counter>(new Counter { Value = 1 });
        await Storage.WriteStateAsync("counter", grain, mine);
        var etag = mine.ETag;
        _connection.Arm(fault);
        _connection.BeforeFailure = async () =>
        {
            var theirs = new GrainState<Counter>();
            await Storage.ReadStateAsync("counter", grain, theirs);
            theirs.State!.Value = 7;
            await Storage.WriteStateAsync("counter", grain, theirs);
        };

        mine.State!.Value = 2;
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("counter", grain, mine));

        var stored = new GrainState<Counter>();
        await Storage.ReadStateAsync("counter", grain, stored);
        Assert.Equal(7, stored.State!.Value);
        Assert.Equal(etag, mine.ETag);
    }

    [Fact]
    public async Task Read_WhoseConnectionBreaksOnce_IsRepeated()
    {
        var grain = GrainId.Create("contract", "acme~read");
        await Storage.WriteStateAsync("counter", grain, new GrainState<Counter>(new Counter { Value = 1 }));
        _connection.Arm(StorageFault.Delay, changes: 0, reads: 1);

        var state = new GrainState<Counter>();
        await Storage.ReadStateAsync("counter", grain, state);

        Assert.Equal(1, state.State!.Value);
    }

    [Fact]
    public async Task Read_ThatIsNeverAnswered_IsATimeoutAndNoCancellation()
    {
        _connection.Arm(StorageFault.HangBefore, changes: 0, reads: 1);
        var state = new GrainState<Counter>(new Counter { Value = 1 }) { ETag = "kept" };

        await Assert.ThrowsAsync<TimeoutException>(
            () => Storage.ReadStateAsync("counter", GrainId.Create("contract", "acme~read"), state));

        Assert.Equal((1, "kept"), (state.State!.Value, state.ETag));
    }

    [Fact]
    public async Task Write_WhereTheTableOrContainerWasDeleted_MakesItAgain()
    {
        await (_fixture.Table?.DeleteAsync() ?? (Task)_fixture.Container!.DeleteAsync());
        var grain = GrainId.Create("contract", "acme~first");

        await Storage.WriteStateAsync("counter", grain, new GrainState<Counter>(new Counter { Value = 1 }));

        var state = new GrainState<Counter>();
        await Storage.ReadStateAsync("counter", grain, state);
        Assert.Equal(1, state.State!.Value);
    }

    public Task InitializeAsync() => _fixture.StartAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _fixture.Dispose();
        _connection.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override async Task SufferAsync(StorageFault fault, GrainId grain, Func<CancellationToken, Task> call)
    {
        using var source = new CancellationTokenSource();
        _connection.Arm(fault, _requests, _failingReads);
        var running = call(source.Token);
        if (fault == StorageFault.Delay)
        {
            await Task.WhenAny(_connection.Arrived.Task, running);
            Assert.False(running.IsCompleted);
            _connection.Release.SetResult();
        }
        else if (_connection.HangsUntilCancelled)
        {
            await Task.WhenAny(_connection.Arrived.Task, running);
            await source.CancelAsync();
        }

        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _connection.Disarm();
        await running;
    }

    protected override Task<int> CountAppliedAsync(GrainId grain) => Task.FromResult(_connection.Applied);
}

[Collection(AzuriteCollection.Name)]
public sealed class AzureTableFaultTests : AzureStorageFaultTests
{
    public AzureTableFaultTests(AzuriteFixture azurite)
        : this(azurite, new FaultyConnection())
    {
    }

    private AzureTableFaultTests(AzuriteFixture azurite, FaultyConnection connection)
        : base(connection, AzureStorageFixture.OverTable(azurite, connection: connection))
    {
    }
}

[Collection(AzuriteCollection.Name)]
public sealed class AzureTableDeletingFaultTests : AzureStorageFaultTests
{
    public AzureTableDeletingFaultTests(AzuriteFixture azurite)
        : this(azurite, new FaultyConnection())
    {
    }

    private AzureTableDeletingFaultTests(AzuriteFixture azurite, FaultyConnection connection)
        : base(connection, AzureStorageFixture.OverTable(azurite, deleteOnClear: true, connection: connection))
    {
    }
}

[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobFaultTests : AzureStorageFaultTests
{
    public AzureBlobFaultTests(AzuriteFixture azurite)
        : this(azurite, new FaultyConnection())
    {
    }

    private AzureBlobFaultTests(AzuriteFixture azurite, FaultyConnection connection)
        : base(connection, AzureStorageFixture.OverBlobs(azurite, connection: connection))
    {
    }
}
