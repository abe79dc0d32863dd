using Orleans.Storage;

namespace ControlZero.Storage.Tests.Contract;

/// <summary>
/// What every storage provider of this project must do. One subclass a provider and way of clearing. What it must do when a call fails
/// half way is <see cref="StorageFaultContract"/>.
/// </summary>
public abstract partial class GrainStorageContract
{
    // The grain's serializer writes it as it is, so a record of this length is read back only when chunks and buffers are put together right.
    private const int LongText = 200_000;

    /// <summary>The provider, over storage that no other test uses.</summary>
    protected abstract IGrainStorage Storage { get; }

    /// <summary>True: a cleared record stays as an empty one, with an ETag. False, the default: it is deleted.</summary>
    protected virtual bool KeepsClearedRecords => false;

    /// <summary>An ETag the store can read and has never given to anybody.</summary>
    protected virtual string UnknownETag => "made-up";

    /// <summary>Records written at once where a test writes many. Default: 1000.</summary>
    protected virtual int ManyRecords => 1000;

    /// <summary>
    /// Whether the provider takes this key. What it cannot keep apart from another key it must refuse, with an
    /// <see cref="ArgumentException"/>; every key of <see cref="Abstractions.GrainKeys"/> it must take, save that a store of short keys may
    /// leave the longest policy names to another. Default: all.
    /// </summary>
    protected virtual bool Takes(RecordAddress address) => true;

    [Fact]
    public async Task Read_NothingStored_GivesNewStateWithoutETag()
    {
        var state = new GrainState<Counter> { State = null!, ETag = "left over", RecordExists = true };

        await Storage.ReadStateAsync("counter", Id("nobody"), state);

        Assert.NotNull(state.State);
        Assert.Null(state.ETag);
        Assert.False(state.RecordExists);
    }

    [Fact]
    public async Task Write_Then_Read_GivesTheValueAndTheETag()
    {
        var written = await WriteNewAsync("a", 42);

        var read = await ReadAsync("a");

        Assert.Equal(42, read.State!.Value);
        Assert.Equal(written.ETag, read.ETag);
        Assert.True(read.RecordExists);
        Assert.True(written.RecordExists);
    }

    [Fact]
    public async Task Write_AValueOfManyKilobytes_IsReadBackWhole()
    {
        var text = string.Concat(Enumerable.Range(0, LongText / 8).Select(number => $"{number:x7}é"));
        await Storage.WriteStateAsync("counter", Id("long"), new GrainState<Counter>(new Counter { Value = 1, Text = text }));

        Assert.Equal(text, (await ReadAsync("long")).State!.Text);
    }

    [Fact]
    public async Task Read_IntoAStateInUse_ReplacesAllOfIt()
    {
        await WriteNewAsync("a", 1);
        var state = new GrainState<Counter>(new Counter { Value = 9, Text = "left over" }) { ETag = "left over" };

        await Storage.ReadStateAsync("counter", Id("a"), state);

        Assert.Equal(1, state.State!.Value);
        Assert.Null(state.State.Text);
        Assert.True(state.RecordExists);
    }

    [Fact]
    public async Task Write_WithoutETagOverARecord_IsRefused()
    {
        await WriteNewAsync("a", 1);

        var second = new GrainState<Counter>(new Counter { Value = 2 });

        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("counter", Id("a"), second));
        Assert.Equal(1, (await ReadAsync("a")).State!.Value);
        Assert.Null(second.ETag);
        Assert.False(second.RecordExists);
    }

    [Fact]
    public async Task Write_WithAnOldETag_IsRefused()
    {
        var stale = await WriteNewAsync("a", 1);
        var fresh = await ReadAsync("a");
        fresh.State!.Value = 2;
        await Storage.WriteStateAsync("counter", Id("a"), fresh);

        stale.State!.Value = 3;
        var refusal = await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("counter", Id("a"), stale));

        Assert.Equal(2, (await ReadAsync("a")).State!.Value);
        Assert.Equal(fresh.ETag, refusal.StoredEtag);
        Assert.Equal(stale.ETag, refusal.CurrentEtag);
    }

    [Fact]
    public async Task Write_Refused_LeavesTheStateObjectAsItWas()
    {
        var stale = await WriteNewAsync("a", 1);
        var etag = stale.ETag;
        var value = stale.State!;
        await Storage.WriteStateAsync("counter", Id("a"), await ReadAsync("a"));

        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("counter", Id("a"), stale));

        Assert.Equal(etag, stale.ETag);
        Assert.Same(value, stale.State);
        Assert.True(stale.RecordExists);
    }

    [Fact]
    public async Task Write_ManyTimesOver_TakesTheETagOfTheLastEachTime()
    {
        var state = await WriteNewAsync("a", 0);
        var seen = new HashSet<string> { state.ETag! };
        for (var value = 1; value <= 20; value++)
        {
            state.State!.Value = value;
            await Storage.WriteStateAsync("counter", Id("a"), state);
            Assert.True(seen.Add(state.ETag!), $"the ETag {state.ETag} was given before");
        }

        Assert.Equal(20, (await ReadAsync("a")).State!.Value);
    }

    [Fact]
    public async Task Write_WithAnETagOfAMissingRecord_IsRefused()
    {
        var orphan = new GrainState<Counter>(new Counter { Value = 1 }) { ETag = UnknownETag, RecordExists = true };

        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("counter", Id("a"), orphan));

        Assert.False((await ReadAsync("a")).RecordExists);
    }

    [Fact]
    public async Task Write_TheSameValueAgain_ChangesTheETag()
    {
        var state = await WriteNewAsync("a", 1);
        var before = state.ETag;

        await Storage.WriteStateAsync("counter", Id("a"), state);

        Assert.NotEqual(before, state.ETag);
    }

    private static GrainId Id(string key) => GrainId.Create("contract", key);

    private Task<GrainState<Counter>> WriteNewAsync(string key, int value) => WriteNewAsync(Id(key), value);

    private Task<GrainState<Counter>> ReadAsync(string key) => ReadAsync(Id(key));

    private async Task<GrainState<Counter>> WriteNewAsync(GrainId id, int value, string stateName = "counter")
    {
        var state = new GrainState<Counter>(new Counter { Value = value });
        await Storage.WriteStateAsync(stateName, id, state);
        return state;
    }

    private async Task<GrainState<Counter>> ReadAsync(GrainId id, string stateName = "counter")
    {
        var state = new GrainState<Counter>();
        await Storage.ReadStateAsync(stateName, id, state);
        return state;
    }
}
