using ControlZero.Client.Routing;

namespace ControlZero.Client.Tests.Routing;

public sealed class AgentOwnersTests : IDisposable
{
    private readonly Endpoint[] _all = TestEndpoints.Several(2, TimeProvider.System);

    public void Dispose() => Array.ForEach(_all, endpoint => endpoint.Dispose());

    [Fact]
    public void Set_BeyondItsCapacity_ForgetsTheAgentAskedAboutLongestAgo()
    {
        var owners = new AgentOwners(3);
        owners.Set("one", _all[0]);
        owners.Set("two", _all[0]);
        owners.Set("three", _all[0]);
        owners.TryGet("one", out _);
        owners.Set("two", _all[1]);

        owners.Set("four", _all[0]);

        Assert.Equal([true, true, false, true], new[] { "one", "two", "three", "four" }.Select(agent => owners.TryGet(agent, out _)));
    }

    [Fact]
    public void Set_Again_ReplacesTheOwner()
    {
        var owners = new AgentOwners(3);
        owners.Set("one", _all[0]);

        owners.Set("one", _all[1]);

        Assert.True(owners.TryGet("one", out var owner));
        Assert.Same(_all[1], owner);
    }

    [Fact]
    public void Forget_KnownOrNot_LeavesNothing()
    {
        var owners = new AgentOwners(1);
        owners.Set("one", _all[0]);

        owners.Forget("one");
        owners.Forget("none");
        owners.Set("two", _all[0]);

        Assert.False(owners.TryGet("one", out _));
        Assert.True(owners.TryGet("two", out _));
    }

    [Fact]
    public async Task Set_FromManyThreads_StaysWithinItsCapacity()
    {
        var owners = new AgentOwners(10);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                owners.Set($"agent-{(thread + i) % 50}", _all[i % 2]);
                owners.TryGet($"agent-{i % 50}", out _);
            }
        })));

        Assert.Equal(10, Enumerable.Range(0, 50).Count(agent => owners.TryGet($"agent-{agent}", out _)));
    }
}
