using ControlZero.Abstractions;
using ControlZero.Storage.Tests.Contract;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Azure;

[Collection(AzuriteCollection.Name)]
public sealed class TableKeysTests(AzuriteFixture azurite) : StoredKeysContract, IAsyncLifetime, IDisposable
{
    private readonly AzureStorageFixture _fixture = AzureStorageFixture.OverTable(azurite);

    protected override IGrainStorage Storage => _fixture.Storage;

    protected override IStoredKeys Keys => _fixture.Keys!;

    public Task InitializeAsync() => _fixture.StartAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Read_MoreThanOneAnswerOfTheServiceHolds_GoesOn()
    {
        const int many = 1100;
        await Parallel.ForEachAsync(Enumerable.Range(0, many), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, cancellation) =>
            await _fixture.Table!.AddEntityAsync(
                new global::Azure.Data.Tables.TableEntity($"tests_agent_acme~{number:d4}", "agent") { ["CzW"] = "x" }, cancellation));

        var keys = await Keys.ReadAsync(new StoredKeyRange("agent", "agent", "acme~", null), 2000, CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, many).Select(number => $"acme~{number:d4}"), keys);
    }
}
