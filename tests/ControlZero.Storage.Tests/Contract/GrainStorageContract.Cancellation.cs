namespace ControlZero.Storage.Tests.Contract;

public abstract partial class GrainStorageContract
{
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
    public async Task Calls_AlreadyCancelled_ThrowAndLeaveTheStateObjectAsItWas()
    {
        var cancelled = new CancellationToken(canceled: true);
        var state = await WriteNewAsync("a", 1);
        var etag = state.ETag;
        var value = state.State!;
        value.Value = 2;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Storage.ReadStateAsync("counter", Id("a"), state, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Storage.WriteStateAsync("counter", Id("a"), state, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Storage.ClearStateAsync("counter", Id("a"), state, cancelled));

        Assert.Equal(etag, state.ETag);
        Assert.Same(value, state.State);
        Assert.True(state.RecordExists);
    }

    // When the token fires is up to the scheduler, and either outcome is right. What is never right is a caller that was told one and a
    // store that says the other.
    [Fact]
    public async Task Writes_CancelledOnTheWay_AreToldAppliedOnlyWhenTheyAre()
    {
        await Task.WhenAll(Enumerable.Range(0, 24).Select(async number =>
        {
            var key = $"cancelled{number}";
            var state = await WriteNewAsync(key, 1);
            var etag = state.ETag;
            state.State!.Value = 2;
            using var source = new CancellationTokenSource();

            var write = Storage.WriteStateAsync("counter", Id(key), state, source.Token);
            await source.CancelAsync();
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            Assert.True(write.IsCompletedSuccessfully || write.IsCanceled, $"{key}: {write.Exception}");
            if (write.IsCanceled)
            {
                Assert.Equal(etag, state.ETag);
            }
            else
            {
                var stored = await ReadAsync(key);
                Assert.Equal(2, stored.State!.Value);
                Assert.Equal(stored.ETag, state.ETag);
            }
        }));
    }
}
