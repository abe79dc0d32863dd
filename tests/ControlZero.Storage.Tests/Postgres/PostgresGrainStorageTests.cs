using System.Diagnostics;
using ControlZero.Storage.Postgres;
using ControlZero.Storage.Tests.Contract;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Postgres;

[Collection(PostgresCollection.Name)]
public sealed class PostgresGrainStorageTests(PostgresFixture postgres) : GrainStorageContract, IAsyncLifetime
{
    private static readonly GrainId Agent = GrainId.Create("agent", "acme~bot");

    private readonly List<ServiceProvider> _silos = [];
    private PostgresGrainStorage _storage = null!;

    protected override IGrainStorage Storage => _storage;

    public async Task InitializeAsync() => _storage = await StartAsync(postgres.NewId());

    public async Task DisposeAsync()
    {
        foreach (var silo in _silos)
        {
            await silo.DisposeAsync();
        }
    }

    [Fact]
    public async Task Records_OfTwoGrainTypesWithOneKey_AreTwo()
    {
        await WriteAsync("state", GrainId.Create("agent", "a"), 1);
        await WriteAsync("state", GrainId.Create("policy", "a"), 2);

        Assert.Equal(1, (await ReadAsync("state", GrainId.Create("agent", "a"))).State!.Value);
        Assert.Equal(2, (await ReadAsync("state", GrainId.Create("policy", "a"))).State!.Value);
    }

    // Pairs that Orleans' ADO.NET storage, by itself, keeps in one row: it reads keys as numbers and GUIDs, and cuts names at a backtick.
    [Theory]
    [InlineData("agent", "state", "a", "agent", "state", "0a")]
    [InlineData("agent", "state", "a", "agent", "state", "A")]
    [InlineData("agent", "state", "a+x", "agent", "state", "0a+x")]
    [InlineData("agent", "state", "0123456789abcdef0123456789abcdef", "agent", "state", "0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("agent", "list`1[[a]]", "a", "agent", "list`1[[a], [b]]", "a")]
    [InlineData("agent/state", "a", "k", "agent", "state/a", "k")]
    [InlineData("agent%2F", "a", "k", "agent/", "a", "k")]
    [InlineData("agent", "a", "/k", "agent", "a", "k")]
    [InlineData("agent", "a/", "k", "agent", "a", "/k")]
    public async Task Records_WhoseNamesLookAlike_AreTwo(string type, string state, string key, string otherType, string otherState, string otherKey)
    {
        var one = GrainId.Create(type, key);
        var other = GrainId.Create(otherType, otherKey);
        await WriteAsync(state, one, 1);
        await WriteAsync(otherState, other, 2);

        Assert.Equal(1, (await ReadAsync(state, one)).State!.Value);
        Assert.Equal(2, (await ReadAsync(otherState, other)).State!.Value);
    }

    [Fact]
    public async Task Records_OfTwoServices_AreTwo()
    {
        var other = await StartAsync(postgres.NewId());
        await WriteAsync("state", Agent, 1);

        var state = new GrainState<Counter>();
        await other.ReadStateAsync("state", Agent, state);

        Assert.False(state.RecordExists);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData("-1")]
    [InlineData("1 ")]
    [InlineData("99999999999999")]
    public async Task Write_WithAnETagThatNoRecordHas_IsRefusedWithTheStoredOne(string etag)
    {
        var stored = await WriteAsync("state", Agent, 1);
        var ghost = new GrainState<Counter>(new Counter { Value = 9 }) { ETag = etag, RecordExists = true };

        var refusal = await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.WriteStateAsync("state", Agent, ghost));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.ClearStateAsync("state", Agent, ghost));

        Assert.Equal(stored.ETag, refusal.StoredEtag);
        Assert.Equal(etag, refusal.CurrentEtag);
        Assert.Equal(1, (await ReadAsync("state", Agent)).State!.Value);
    }

    [Fact]
    public async Task Clear_WithoutETagOverARecord_NamesTheStoredOneAndLeavesTheState()
    {
        var stored = await WriteAsync("state", Agent, 1);
        var blind = new GrainState<Counter>(new Counter { Value = 9 });

        var refusal = await Assert.ThrowsAsync<InconsistentStateException>(() => Storage.ClearStateAsync("state", Agent, blind));

        Assert.Equal(stored.ETag, refusal.StoredEtag);
        Assert.Equal(9, blind.State!.Value);
        Assert.True((await ReadAsync("state", Agent)).RecordExists);
    }

    [Fact]
    public async Task Write_OfAClearedRecordByManyAtOnce_LetsExactlyOneThrough()
    {
        await Storage.ClearStateAsync("state", Agent, await WriteAsync("state", Agent, 1));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 32).Select(async number =>
        {
            try
            {
                await WriteAsync("state", Agent, number);
                return true;
            }
            catch (InconsistentStateException)
            {
                return false;
            }
        }));

        Assert.Single(outcomes, true);
    }

    // The storage inside serializes after it has waited for a connection. A grain that takes calls meanwhile would have half of them stored.
    [Fact]
    public async Task Write_OfAStateThatChangesMeanwhile_StoresWhatItWas()
    {
        await using var narrow = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { MaxPoolSize = 1 });
        var storage = await StartAsync(postgres.NewId(), narrow);
        var state = new GrainState<Counter>(new Counter { Value = 1 });

        Task write;
        await using (await narrow.OpenConnectionAsync())
        {
            // The only connection is ours, so the write waits for it.
            write = storage.WriteStateAsync("state", Agent, state);
            state.State!.Value = 2;
        }

        await write;
        var read = new GrainState<Counter>();
        await storage.ReadStateAsync("state", Agent, read);
        Assert.Equal(1, read.State!.Value);
    }

    [Fact]
    public async Task Write_CancelledWhileItWaits_LeavesTheStateObjectAlone()
    {
        await using var narrow = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { MaxPoolSize = 1 });
        var storage = await StartAsync(postgres.NewId(), narrow);
        var state = new GrainState<Counter>(new Counter { Value = 1 });
        using var source = new CancellationTokenSource();

        await using (await narrow.OpenConnectionAsync())
        {
            var write = storage.WriteStateAsync("state", Agent, state, source.Token);
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        }

        // The write itself goes on.
        var watch = Stopwatch.StartNew();
        var read = new GrainState<Counter>();
        while (!read.RecordExists)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), "the write was cancelled with its caller");
            await storage.ReadStateAsync("state", Agent, read);
        }

        Assert.Null(state.ETag);
        Assert.False(state.RecordExists);
    }

    private async Task<PostgresGrainStorage> StartAsync(string serviceId, NpgsqlDataSource? database = null)
    {
        var silo = new TestSilo(serviceId);
        silo.AddPostgresGrainStorage("test", database ?? postgres.Database);
        var services = silo.Services.BuildServiceProvider();
        _silos.Add(services);
        var storage = (PostgresGrainStorage)services.GetRequiredKeyedService<IGrainStorage>("test");
        await TestSilo.StartAsync(storage);
        return storage;
    }

    private async Task<GrainState<Counter>> WriteAsync(string stateName, GrainId grain, int value)
    {
        var state = new GrainState<Counter>(new Counter { Value = value });
        await Storage.WriteStateAsync(stateName, grain, state);
        return state;
    }

    private async Task<GrainState<Counter>> ReadAsync(string stateName, GrainId grain)
    {
        var state = new GrainState<Counter>();
        await Storage.ReadStateAsync(stateName, grain, state);
        return state;
    }
}
