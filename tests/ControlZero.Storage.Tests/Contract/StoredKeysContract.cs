using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Contract;

/// <summary>What every reader of stored keys must do: one subclass a provider that keeps small records.</summary>
public abstract class StoredKeysContract
{
    private static readonly TenantId Acme = TenantId.Parse("acme");

    /// <summary>The provider, over storage that no other test uses.</summary>
    protected abstract IGrainStorage Storage { get; }

    /// <summary>The reader beside it.</summary>
    protected abstract IStoredKeys Keys { get; }

    [Fact]
    public async Task Read_ShowsTheKeysOfThePrefixInOrdinalOrder_AndNoOthers()
    {
        // In the order of their characters. Some sort of language puts nearly each of them somewhere else.
        string[] agents = ["0", "a", "a-b", "a.b", "a0", "a1", "a10", "a2", "a:b", "a@b", "a_b", "aa", "ab", "b"];
        foreach (var agent in agents.Reverse())
        {
            await WriteAsync("agent", GrainKeys.Of(Acme, AgentId.Parse(agent)));
        }

        // Whose key begins alike, whose type or state is another one.
        foreach (var tenant in new[] { "acm", "acme-2", "acme2", "acmf", "a" })
        {
            await WriteAsync("agent", GrainKeys.Of(TenantId.Parse(tenant), AgentId.Parse("a")));
        }

        await WriteAsync("agents", "acme~a3");
        await WriteAsync("agent", "acme~a4", "quota");
        await WriteAsync("agent", "acme~a", "quota");

        Assert.Equal(agents.Select(agent => $"acme~{agent}"), await ReadAsync("acme~", null, 100));
    }

    [Fact]
    public async Task Read_WithAPrefixInsideAnId_ShowsThoseThatBeginWithIt()
    {
        foreach (var agent in new[] { "bo", "bot", "bot-1", "bot_2", "botz", "bou" })
        {
            await WriteAsync("agent", $"acme~{agent}");
        }

        Assert.Equal(["acme~bot", "acme~bot-1", "acme~bot_2", "acme~botz"], await ReadAsync("acme~bot", null, 100));
        Assert.Equal(["acme~bot_2", "acme~botz"], await ReadAsync("acme~bot", "acme~bot-1", 100));
    }

    [Fact]
    public async Task Read_WithoutAPrefix_ShowsTheWholeType()
    {
        foreach (var tenant in new[] { "b", "a-1", "a", "9" })
        {
            await WriteAsync("tenant", tenant, "tenant");
            await WriteAsync("tenant", tenant, "keys");
        }

        await WriteAsync("tenants", "c", "tenant");

        Assert.Equal(["9", "a", "a-1", "b"], await Keys.ReadAsync(new StoredKeyRange("tenant", "tenant", "", null), 10, CancellationToken.None));
    }

    [Fact]
    public async Task Read_PageByPage_ShowsEachOnce_WhateverComesAndGoesMeanwhile()
    {
        var agents = Enumerable.Range(0, 25).Select(number => $"acme~{number:d2}").ToList();
        await Task.WhenAll(agents.Select(key => WriteAsync("agent", key)));

        var shown = new List<string>();
        IReadOnlyList<string> page;
        do
        {
            page = await ReadAsync("acme~", shown.LastOrDefault(), 10);
            shown.AddRange(page);

            // Before the place that is shown, so that it is nobody's page any more.
            await WriteAsync("agent", $"acme~00{shown.Count}");
        }
        while (page.Count == 10);

        Assert.Equal(agents, shown);
    }

    [Fact]
    public async Task Read_ExactlyAsManyAsThereAre_LeavesNoneForTheNext()
    {
        await WriteAsync("agent", "acme~a");
        await WriteAsync("agent", "acme~b");

        Assert.Equal(["acme~a", "acme~b"], await ReadAsync("acme~", null, 2));
        Assert.Empty(await ReadAsync("acme~", "acme~b", 2));
        Assert.Empty(await ReadAsync("nobody~", null, 2));
    }

    [Fact]
    public async Task Read_RightAfterAWrite_ShowsIt()
    {
        for (var number = 0; number < 20; number++)
        {
            await WriteAsync("agent", $"acme~{number:d2}");

            Assert.Equal(number + 1, (await ReadAsync("acme~", null, 100)).Count);
        }
    }

    [Fact]
    public async Task Read_OfACancelledCaller_ReadsNothing() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Keys.ReadAsync(new StoredKeyRange("agent", "agent", "acme~", null), 10, new CancellationToken(canceled: true)));

    private Task<IReadOnlyList<string>> ReadAsync(string prefix, string? after, int count) =>
        Keys.ReadAsync(new StoredKeyRange("agent", "agent", prefix, after), count, CancellationToken.None);

    private Task WriteAsync(string type, string key, string state = "agent") =>
        Storage.WriteStateAsync(state, GrainId.Create(type, key), new GrainState<Counter>(new Counter { Value = 1 }));
}
