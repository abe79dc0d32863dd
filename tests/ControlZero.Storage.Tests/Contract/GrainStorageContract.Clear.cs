using Orleans.Storage;

namespace ControlZero.Storage.Tests.Contract;

public abstract partial class GrainStorageContract
{
    [Fact]
    public async Task Clear_ARecord_LeavesNoState()
    {
        var state = await WriteNewAsync("a", 1);
        var before = state.ETag;

        await Storage.ClearStateAsync("counter", Id("a"), state);

        Assert.False(state.RecordExists);
        Assert.Equal(0, state.State!.Value);
        Assert.NotEqual(before, state.ETag);
        var read = await ReadAsync("a");
        Assert.False(read.RecordExists);
        Assert.Equal(0, read.State!.Value);
    }

    [Fact]
    public async Task Clear_ARecord_KeepsAnETagOnlyWhereTheRecordIsKept()
    {
        var state = await WriteNewAsync("a", 1);

        await Storage.ClearStateAsync("counter", Id("a"), state);

        Assert.Equal(KeepsClearedRecords, state.ETag is not null);
        Assert.Equal(state.ETag, (await ReadAsync("a")).ETag);
    }

    [Fact]
    public async Task Clear_ThenWrite_WithTheSameStateObject_Succeeds()
    {
        var state = await WriteNewAsync("a", 1);
        await Storage.ClearStateAsync("counter", Id("a"), state);

        state.State!.Value = 5;
        await Storage.WriteStateAsync("counter", Id("a"), state);

        var read = await ReadAsync("a");
        Assert.Equal(5, read.State!.Value);
        Assert.True(read.RecordExists);
    }

    [Fact]
    public async Task Clear_Twice_WithTheSameStateObject_Succeeds()
    {
        var state = await WriteNewAsync("a", 1);
        await Storage.ClearStateAsync("counter", Id("a"), state);

        await Storage.ClearStateAsync("counter", Id("a"), state);

        Assert.False((await ReadAsync("a")).RecordExists);
    }

    [Fact]
    public async Task Clear_WithAnOldETag_IsRefused()
    {
        var stale = await WriteNewAsync("a", 1);
        var etag = stale.ETag;
        var fresh = await ReadAsync("a");
        await Storage.WriteStateAsync("counter", Id("a"), fresh);

        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.ClearStateAsync("counter", Id("a"), stale));

        Assert.True((await ReadAsync("a")).RecordExists);
        Assert.Equal(etag, stale.ETag);
        Assert.Equal(1, stale.State!.Value);
        Assert.True(stale.RecordExists);
    }

    [Fact]
    public async Task Clear_OfARecordThatSomebodyElseCleared_IsRefused()
    {
        var state = await WriteNewAsync("a", 1);
        var etag = state.ETag;
        await Storage.ClearStateAsync("counter", Id("a"), await ReadAsync("a"));

        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.ClearStateAsync("counter", Id("a"), state));

        Assert.Equal(etag, state.ETag);
        Assert.True(state.RecordExists);
    }

    [Fact]
    public async Task Clear_WithoutETagOverARecord_IsRefused()
    {
        await WriteNewAsync("a", 1);

        await Assert.ThrowsAsync<InconsistentStateException>(
            () => Storage.ClearStateAsync("counter", Id("a"), new GrainState<Counter>(new Counter())));

        Assert.Equal(1, (await ReadAsync("a")).State!.Value);
    }

    [Fact]
    public async Task Clear_BeforeAnyWrite_LeavesAStateThatCanBeWritten()
    {
        var state = new GrainState<Counter>(new Counter());

        await Storage.ClearStateAsync("counter", Id("a"), state);
        Assert.False(state.RecordExists);

        state.State!.Value = 3;
        await Storage.WriteStateAsync("counter", Id("a"), state);
        Assert.Equal(3, (await ReadAsync("a")).State!.Value);
    }

    [Fact]
    public async Task Write_WithTheETagOfAClearedAndRemadeRecord_IsRefused()
    {
        var first = await WriteNewAsync("a", 1);
        var etag = first.ETag;
        await Storage.ClearStateAsync("counter", Id("a"), first);
        var second = await ReadAsync("a");
        second.State!.Value = 2;
        await Storage.WriteStateAsync("counter", Id("a"), second);

        var ghost = new GrainState<Counter>(new Counter { Value = 9 }) { ETag = etag, RecordExists = true };

        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("counter", Id("a"), ghost));
        Assert.Equal(2, (await ReadAsync("a")).State!.Value);
    }
}
