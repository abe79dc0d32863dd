using ControlZero.Servers;

namespace ControlZero.Storage.Tests.Redis;

/// <summary>One Redis for all tests that need one.</summary>
public sealed class RedisFixture : IAsyncLifetime
{
    private int _clusters;

    public RedisServer Server { get; private set; } = null!;

    /// <summary>A cluster id that no other test uses.</summary>
    public string NewId() => $"id-{Interlocked.Increment(ref _clusters)}";

    public async Task InitializeAsync() => Server = await RedisServer.StartAsync();

    public Task DisposeAsync() => Server.DisposeAsync().AsTask();
}

[CollectionDefinition(Name)]
public sealed class RedisCollection : ICollectionFixture<RedisFixture>
{
    public const string Name = "Redis";
}
