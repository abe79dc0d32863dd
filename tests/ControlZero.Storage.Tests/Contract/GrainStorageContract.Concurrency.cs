using Orleans.Storage;

namespace ControlZero.Storage.Tests.Contract;

public abstract partial class GrainStorageContract
{
    [Fact]
    public async Task Write_OfManyGrainsAtOnce_KeepsEachOfThem()
    {
        await Task.WhenAll(Enumerable.Range(0, ManyRecords).Select(number => WriteNewAsync($"n{number}", number)));

        var read = await Task.WhenAll(Enumerable.Range(0, ManyRecords).Select(number => ReadAsync($"n{number}")));

        Assert.Equal(Enumerable.Range(0, ManyRecords), read.Select(state => state.State!.Value));
    }

    [Fact]
    public async Task Write_OfOneNewRecordByManyAtOnce_LetsExactlyOneThrough()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(async number =>
            await WasAppliedAsync(() => WriteNewAsync("contended", number)) ? number : -1));

        var winner = Assert.Single(outcomes, number => number >= 0);
        Assert.Equal(winner, (await ReadAsync("contended")).State!.Value);
    }

    [Fact]
    public async Task Write_OfOneRecordByManyWithTheSameETag_LetsExactlyOneThrough()
    {
        var etag = (await WriteNewAsync("contended", -1)).ETag;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 32).Select(async number =>
        {
            var mine = new GrainState<Counter>(new Counter { Value = number }) { ETag = etag, RecordExists = true };
            return await WasAppliedAsync(() => Storage.WriteStateAsync("counter", Id("contended"), mine)) ? number : -1;
        }));

        var winner = Assert.Single(outcomes, number => number >= 0);
        Assert.Equal(winner, (await ReadAsync("contended")).State!.Value);
    }

    [Fact]
    public async Task Increments_OfOneRecordByManyWhoReadAgainWhenRefused_AreAllCounted()
    {
        const int writers = 6;
        const int increments = 5;
        await WriteNewAsync("counted", 0);

        await Task.WhenAll(Enumerable.Range(0, writers).Select(async _ =>
        {
            for (var done = 0; done < increments;)
            {
                var state = await ReadAsync("counted");
                state.State!.Value++;
                done += await WasAppliedAsync(() => Storage.WriteStateAsync("counter", Id("counted"), state)) ? 1 : 0;
            }
        }));

        Assert.Equal(writers * increments, (await ReadAsync("counted")).State!.Value);
    }

    private static async Task<bool> WasAppliedAsync(Func<Task> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }
}
