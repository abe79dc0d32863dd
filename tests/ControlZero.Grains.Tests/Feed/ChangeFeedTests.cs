using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Feed;

[Collection(TwoSilosCollection.Name)]
public sealed class ChangeFeedTests(TwoSilos silos)
{
    [Fact]
    public void Append_OfAThingThatIsThere_KeepsTheNewerOnly()
    {
        var feed = new ChangeFeedState().Append([Of("a", 1), Of("b", 1)]).Append([Of("a", 2)]);

        Assert.Equal([("b", 1UL, 2L), ("a", 2UL, 3L)], feed.Changes.Select(change => (change.Tenant.Value, change.Version, change.Sequence)));
        Assert.False(feed.IsPast(0));
    }

    [Fact]
    public void Append_OfTheSecondWordAfterTheNextFirst_KeepsTheHigherNumberInANewPlace()
    {
        var feed = new ChangeFeedState().Append([Of("a", 1)]).Append([Of("a", 2)]).Append([Of("a", 1)]);

        var change = Assert.Single(feed.Changes);
        Assert.Equal((2UL, 3L), (change.Version, change.Sequence));
    }

    [Fact]
    public void Append_PastTheCapacity_TellsReadersThatMissedSome()
    {
        var feed = new ChangeFeedState();
        for (var number = 0; number < ChangeFeedState.Capacity + 10; number++)
        {
            feed = feed.Append([Of($"t{number}", 1)]);
        }

        Assert.Equal(ChangeFeedState.Capacity, feed.Changes.Length);
        Assert.True(feed.IsPast(9));
        Assert.False(feed.IsPast(10));
        Assert.False(feed.IsPastForAgents(0));
    }

    [Fact]
    public void Append_OfManyAgents_CostsNoReaderItsPolicies()
    {
        var feed = new ChangeFeedState().Append([Of("a", 1)]);
        for (var number = 0; number < ChangeFeedState.Capacity + 10; number++)
        {
            feed = feed.Append([Change.OfAgent(TenantId.Parse("a"), AgentId.Parse($"bot-{number}"), 2)]);
        }

        Assert.Equal(ChangeFeedState.Capacity + 1, feed.Changes.Length);
        Assert.False(feed.IsPast(0));
        Assert.True(feed.IsPastForAgents(10));
        Assert.False(feed.IsPastForAgents(11));
    }

    [Fact]
    public void AFeed_RestoredFromABackup_TellsReadersThatKnewMore() => Assert.True(new ChangeFeedState().Append([Of("a", 1)]).IsPast(2));

    [Fact]
    public async Task Append_FromBothSilosAtOnce_LosesNone()
    {
        var tenants = Enumerable.Range(0, 100).Select(number => TenantId.Parse($"meet-{number}")).ToList();

        await Task.WhenAll(tenants.Select((tenant, number) => silos.Of<ChangeFeed>(number % 2).AppendAsync(Change.OfTenant(tenant, 1))));

        var feed = await silos.Of<ChangeFeed>(0).ReadAsync(CancellationToken.None);
        Assert.Empty(tenants.Except(feed.Changes.Select(change => change.Tenant)));
        Assert.Equal(feed.Changes.Length, feed.Changes.Select(change => change.Sequence).Distinct().Count());
    }

    [Theory]
    [InlineData(StorageFault.BeforeCommit)]
    [InlineData(StorageFault.AfterCommit)]
    public async Task Append_WhoseWriteFailsOnce_IsThere(StorageFault fault)
    {
        var tenant = TenantId.Parse($"append-{fault}".ToLowerInvariant());
        silos.Faults.Arm("feed", "cluster", fault);

        await silos.Of<ChangeFeed>(0).AppendAsync(Change.OfTenant(tenant, 4));

        var feed = await silos.Of<ChangeFeed>(1).ReadAsync(CancellationToken.None);
        Assert.Equal(4UL, feed.Changes.Single(change => change.Tenant == tenant).Version);
    }

    [Fact]
    public async Task Append_WhoseWritesKeepFailing_Fails_AndTheNextOneDoesNot()
    {
        var tenant = TenantId.Parse("append-fails");
        silos.Faults.Arm("feed", "cluster", StorageFault.BeforeCommit, times: 3);

        var failure = await Assert.ThrowsAsync<OrleansException>(() => silos.Of<ChangeFeed>(0).AppendAsync(Change.OfTenant(tenant, 1)));
        Assert.IsType<IOException>(failure.InnerException);
        await silos.Of<ChangeFeed>(0).AppendAsync(Change.OfTenant(tenant, 2));

        var feed = await silos.Of<ChangeFeed>(1).ReadAsync(CancellationToken.None);
        Assert.Equal(2UL, feed.Changes.Single(change => change.Tenant == tenant).Version);
    }

    [Fact]
    public async Task Coalesced_GivesNobodyWorkThatBeganBeforeHeAsked()
    {
        var begun = 0;
        var gates = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        var started = gates.Select(_ => new TaskCompletionSource()).ToArray();
        var work = new Coalesced<int>(async () =>
        {
            var number = Interlocked.Increment(ref begun);
            started[number - 1].SetResult();
            await gates[number - 1].Task;
            return number;
        });

        var first = work.RunAsync();
        await started[0].Task;
        var second = work.RunAsync();
        var third = work.RunAsync();
        gates[0].SetResult();
        gates[1].SetResult();

        int[] results = await Task.WhenAll(first, second, third);
        Assert.Equal([1, 2, 2], results);
        Assert.Equal(2, begun);
    }

    private static Change Of(string tenant, ulong epoch) => Change.OfTenant(TenantId.Parse(tenant), epoch);
}
