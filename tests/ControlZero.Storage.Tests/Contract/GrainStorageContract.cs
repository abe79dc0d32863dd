using Orleans.Storage;

namespace ControlZero.Storage.Tests.Contract;

/// <summary>What every storage provider of this project must do. One subclass a provider.</summary>
public abstract class GrainStorageContract
{
    /// <summary>The provider, over storage that no other test uses.</summary>
    protected abstract IGrainStorage Storage { get; }

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
    }

    [Fact]
    public async Task Write_WithAnETagOfAMissingRecord_IsRefused()
    {
        var orphan = new GrainState<Counter>(new Counter { Value = 1 }) { ETag = "made-up", RecordExists = true };

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

    [Fact]
    public async Task Clear_ARecord_LeavesNothing()
    {
        var state = await WriteNewAsync("a", 1);

        await Storage.ClearStateAsync("counter", Id("a"), state);

        Assert.False(state.RecordExists);
        Assert.Equal(0, state.State!.Value);
        Assert.False((await ReadAsync("a")).RecordExists);
    }

    [Fact]
    public async Task Clear_ThenWrite_WithTheSameStateObject_Succeeds()
    {
        var state = await WriteNewAsync("a", 1);
        await Storage.ClearStateAsync("counter", Id("a"), state);

        state.State!.Value = 5;
        await Storage.WriteStateAsync("counter", Id("a"), state);

        Assert.Equal(5, (await ReadAsync("a")).State!.Value);
    }

    [Fact]
    public async Task Clear_WithAnOldETag_IsRefused()
    {
        var stale = await WriteNewAsync("a", 1);
        var fresh = await ReadAsync("a");
        await Storage.WriteStateAsync("counter", Id("a"), fresh);

        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.ClearStateAsync("counter", Id("a"), stale));

        Assert.True((await ReadAsync("a")).RecordExists);
    }

    [Fact]
    public async Task Clear_BeforeAnyWrite_DoesNothing()
    {
        var state = new GrainState<Counter>(new Counter());

        await Storage.ClearStateAsync("counter", Id("a"), state);

        Assert.False(state.RecordExists);
    }

    [Fact]
    public async Task Write_WithTheETagOfADeletedAndRemadeRecord_IsRefused()
    {
        var first = await WriteNewAsync("a", 1);
        var etag = first.ETag;
        await Storage.ClearStateAsync("counter", Id("a"), first);
        await WriteNewAsync("a", 2);

        var ghost = new GrainState<Counter>(new Counter { Value = 9 }) { ETag = etag, RecordExists = true };

        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("counter", Id("a"), ghost));
    }

    [Fact]
    public async Task StateNames_OfOneGrain_AreIndependent()
    {
        await Storage.WriteStateAsync("one", Id("a"), new GrainState<Counter>(new Counter { Value = 1 }));
        await Storage.WriteStateAsync("two", Id("a"), new GrainState<Counter>(new Counter { Value = 2 }));

        var one = new GrainState<Counter>();
        await Storage.ReadStateAsync("one", Id("a"), one);

        Assert.Equal(1, one.State!.Value);
    }

    [Fact]
    public async Task TokenOverloads_ReadWriteAndClear_DoTheSame()
    {
        using var source = new CancellationTokenSource();
        var state = new GrainState<Counter>(new Counter { Value = 7 });
        await Storage.WriteStateAsync("counter", Id("a"), state, source.Token);

        var read = new GrainState<Counter>();
        await Storage.ReadStateAsync("counter", Id("a"), read, source.Token);
        Assert.Equal(7, read.State!.Value);

        await Storage.ClearStateAsync("counter", Id("a"), state, source.Token);
        Assert.False((await ReadAsync("a")).RecordExists);
    }

    [Fact]
    public async Task TokenOverload_AlreadyCancelled_Throws()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Storage.ReadStateAsync("counter", Id("a"), new GrainState<Counter>(), source.Token));
    }

    [Fact]
    public async Task Write_OfManyGrainsAtOnce_KeepsEachOfThem()
    {
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(number => WriteNewAsync($"n{number}", number)));

        for (var number = 0; number < 1000; number++)
        {
            Assert.Equal(number, (await ReadAsync($"n{number}")).State!.Value);
        }
    }

    [Fact]
    public async Task Write_OfOneNewRecordByManyAtOnce_LetsExactlyOneThrough()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(async number =>
        {
            try
            {
                await WriteNewAsync("contended", number);
                return true;
            }
            catch (InconsistentStateException)
            {
                return false;
            }
        }));

        Assert.Single(outcomes, true);
    }

    [Theory]
    [MemberData(nameof(CloseKeys))]
    public async Task Keys_ThatLookAlike_DoNotShareARecord(string one, string other)
    {
        await WriteNewAsync(one, 1);
        await WriteNewAsync(other, 2);

        Assert.Equal(1, (await ReadAsync(one)).State!.Value);
        Assert.Equal(2, (await ReadAsync(other)).State!.Value);
    }

    /// <summary>Pairs that differ in what some store folds, cuts or replaces, and that our own key spelling leaves apart.</summary>
    public static TheoryData<string, string> CloseKeys() => new()
    {
        { "a~b", "a-b" },
        { "acme~bot", "acme_bot" },
        { "acme~bot", "acme~bot~" },
        { "acme~a.b", "acme~a:b" },
        { "acme~a", "acme~=41" },
        { "acme~=61", "acme~=41" },
        { "acme~a=20", "acme~a" },
        { new string('a', 511), new string('a', 512) },
        { "a~b~1", "a~b~10" },
        { "Кириллица", "кириллица" },
        { "key", "Key" },
    };

    private static GrainId Id(string key) => GrainId.Create("contract", key);

    private async Task<GrainState<Counter>> WriteNewAsync(string key, int value)
    {
        var state = new GrainState<Counter>(new Counter { Value = value });
        await Storage.WriteStateAsync("counter", Id(key), state);
        return state;
    }

    private async Task<GrainState<Counter>> ReadAsync(string key)
    {
        var state = new GrainState<Counter>();
        await Storage.ReadStateAsync("counter", Id(key), state);
        return state;
    }
}

/// <summary>A state to store.</summary>
[GenerateSerializer, Alias("cz.tests.Counter")]
public sealed class Counter
{
    [Id(0)]
    public int Value { get; set; }
}
