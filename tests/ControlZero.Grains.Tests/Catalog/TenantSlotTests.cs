using ControlZero.Grains.Catalog;

namespace ControlZero.Grains.Tests.Catalog;

public sealed class TenantSlotTests
{
    [Fact]
    public async Task Load_AskedForByManyAtOnce_IsDoneOnceAndAgainWhenItIsOver()
    {
        var slot = new TenantSlot();
        var loads = new List<TaskCompletionSource<bool>>();

        var waiting = Enumerable.Range(0, 1000).Select(_ => slot.LoadOnceAsync(Load)).ToList();
        var first = Assert.Single(loads);
        Assert.All(waiting, load => Assert.False(load.IsCompleted));
        first.SetResult(true);
        Assert.All(await Task.WhenAll(waiting), Assert.True);
        _ = slot.LoadOnceAsync(Load);

        Assert.Equal(2, loads.Count);

        Task<bool> Load()
        {
            loads.Add(new TaskCompletionSource<bool>());
            return loads[^1].Task;
        }
    }

    [Fact]
    public async Task Load_ThatFailed_IsTriedAgain()
    {
        var slot = new TenantSlot();

        await Assert.ThrowsAsync<TimeoutException>(() => slot.LoadOnceAsync(() => Task.FromException<bool>(new TimeoutException())));

        Assert.True(await slot.LoadOnceAsync(() => Task.FromResult(true)));
    }
}
