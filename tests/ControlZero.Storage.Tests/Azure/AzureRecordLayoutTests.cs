using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using ControlZero.Storage.Tests.Contract;

namespace ControlZero.Storage.Tests.Azure;

/// <summary>The bytes and columns of records, both ways: what is written is what the official provider reads, and the other way round.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class AzureRecordLayoutTests(AzuriteFixture azurite)
{
    private const string Json = """{"Value":42,"Text":"agent"}""";
    private const string PartitionKey = "tests_agent_acme~bot";
    private const string BlobName = "agent-agent/acme~bot.json";

    private static readonly GrainId Grain = GrainId.Create("agent", "acme~bot");
    private static readonly string[] SystemColumns = ["odata.etag", "PartitionKey", "RowKey", "Timestamp"];

    private static GrainState<Counter> Known => new(new Counter { Value = 42, Text = "agent" });

    [Fact]
    public async Task Table_AKnownState_IsWrittenInTheOfficialColumns()
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverTable(azurite));
        var state = Known;
        await fixture.Storage.WriteStateAsync("agent", Grain, state);

        TableEntity row = await fixture.Table!.GetEntityAsync<TableEntity>(PartitionKey, "agent");

        Assert.Equal(["CzW", "Data"], row.Keys.Except(SystemColumns).Order(StringComparer.Ordinal));
        Assert.Equal(Json, Encoding.UTF8.GetString(row.GetBinary("Data")));
        Assert.Matches("^[0-9a-f]{32}$", row.GetString("CzW"));
        Assert.Equal(row.ETag.ToString(), state.ETag);
    }

    [Fact]
    public async Task Table_AKnownStateAsText_IsWrittenInTheOfficialColumns()
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverTable(azurite, useStringFormat: true));
        await fixture.Storage.WriteStateAsync("agent", Grain, Known);

        TableEntity row = await fixture.Table!.GetEntityAsync<TableEntity>(PartitionKey, "agent");

        Assert.Equal(["CzW", "StringData"], row.Keys.Except(SystemColumns).Order(StringComparer.Ordinal));
        Assert.Equal(Json, row.GetString("StringData"));
    }

    [Fact]
    public async Task Table_AClearedState_KeepsTheRowWithoutData()
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverTable(azurite));
        var state = Known;
        await fixture.Storage.WriteStateAsync("agent", Grain, state);
        await fixture.Storage.ClearStateAsync("agent", Grain, state);

        TableEntity row = await fixture.Table!.GetEntityAsync<TableEntity>(PartitionKey, "agent");

        Assert.Equal(["CzW"], row.Keys.Except(SystemColumns));
    }

    [Theory]
    [InlineData(65_536, 1)]
    [InlineData(65_537, 2)]
    [InlineData(15 * 65_536, 15)]
    public async Task Table_ALongState_IsCutIntoColumnsOf64KiB(int bytes, int columns)
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverTable(azurite));
        await fixture.Storage.WriteStateAsync("agent", Grain, Sized(bytes));

        TableEntity row = await fixture.Table!.GetEntityAsync<TableEntity>(PartitionKey, "agent");

        var names = Enumerable.Range(0, columns).Select(number => number == 0 ? "Data" : $"Data{number}").ToArray();
        Assert.Equal(names.Order(StringComparer.Ordinal), row.Keys.Except(SystemColumns).Except(["CzW"]).Order(StringComparer.Ordinal));
        Assert.Equal(bytes, names.Sum(name => row.GetBinary(name).Length));
        Assert.All(names.SkipLast(1), name => Assert.Equal(65_536, row.GetBinary(name).Length));
        Assert.Equal(bytes, AzureStorageFixture.Serializer.Serialize((await ReadAsync(fixture)).State).ToMemory().Length);
    }

    [Fact]
    public async Task Table_AStateOfOneByteTooMany_IsRefusedWithItsSize()
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverTable(azurite));

        var refusal = await Assert.ThrowsAsync<ArgumentException>(
            () => fixture.Storage.WriteStateAsync("agent", Grain, Sized((15 * 65_536) + 1)));

        Assert.Contains("983041 bytes", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_TextOfSurrogatesAcrossAColumnsEnd_IsReadBackWhole()
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverTable(azurite, useStringFormat: true));
        var record = new TableEntity();
        var text = string.Concat("x", string.Concat(Enumerable.Repeat("😀", 20_000)));
        ControlZero.Storage.Azure.TableRecordLayout.Write(record, BinaryData.FromString(text), "nonce", useStringFormat: true);

        Assert.Equal(32_767, record.GetString("StringData").Length);
        Assert.Equal(text, string.Concat(record.GetString("StringData"), record.GetString("StringData1")));

        await fixture.Table!.AddEntityAsync(new TableEntity(record) { PartitionKey = PartitionKey, RowKey = "text" });
        TableEntity row = await fixture.Table.GetEntityAsync<TableEntity>(PartitionKey, "text");
        Assert.Equal(text, ControlZero.Storage.Azure.TableRecordLayout.Read(row).Payload!.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Table_ARowOfTheOfficialProvider_IsReadAndWrittenOn(bool text)
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverTable(azurite));
        var bytes = Encoding.UTF8.GetBytes(Json);
        await fixture.Table!.AddEntityAsync(text
            ? new TableEntity(PartitionKey, "agent") { ["StringData"] = Json[..10], ["StringData1"] = Json[10..] }
            : new TableEntity(PartitionKey, "agent") { ["Data"] = bytes[..10], ["Data1"] = bytes[10..] });

        var state = await ReadAsync(fixture);
        Assert.Equal((42, "agent"), (state.State!.Value, state.State.Text));
        Assert.True(state.RecordExists);

        state.State.Value = 43;
        await fixture.Storage.WriteStateAsync("agent", Grain, state);
        TableEntity row = await fixture.Table.GetEntityAsync<TableEntity>(PartitionKey, "agent");
        Assert.Equal(["CzW", "Data"], row.Keys.Except(SystemColumns).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Table_ARowThatTheOfficialProviderCleared_IsReadAsNoState()
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverTable(azurite));
        await fixture.Table!.AddEntityAsync(new TableEntity(PartitionKey, "agent"));

        var state = await ReadAsync(fixture);

        Assert.False(state.RecordExists);
        Assert.NotNull(state.ETag);
    }

    [Fact]
    public async Task Blob_AKnownState_IsWrittenAsTheOfficialProviderDoes()
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverBlobs(azurite));
        var state = Known;
        await fixture.Storage.WriteStateAsync("agent", Grain, state);

        var names = new List<string>();
        await foreach (var item in fixture.Container!.GetBlobsAsync())
        {
            names.Add(item.Name);
        }

        BlobDownloadResult blob = await fixture.Container.GetBlobClient(BlobName).DownloadContentAsync();
        Assert.Equal([BlobName], names);
        Assert.Equal(Json, blob.Content.ToString());
        Assert.Equal("application/octet-stream", blob.Details.ContentType);
        Assert.Equal(BlobType.Block, blob.Details.BlobType);
        Assert.Matches("^[0-9a-f]{32}$", Assert.Single(blob.Details.Metadata, pair => pair.Key == "czw").Value);
        Assert.Equal(blob.Details.ETag.ToString(), state.ETag);
    }

    [Fact]
    public async Task Blob_AClearedStateThatIsKept_IsAnEmptyBlob()
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverBlobs(azurite, deleteOnClear: false));
        var state = Known;
        await fixture.Storage.WriteStateAsync("agent", Grain, state);
        await fixture.Storage.ClearStateAsync("agent", Grain, state);

        BlobProperties blob = await fixture.Container!.GetBlobClient(BlobName).GetPropertiesAsync();

        Assert.Equal(0, blob.ContentLength);
    }

    [Fact]
    public async Task Blob_OneOfTheOfficialProvider_IsReadAndWrittenOn()
    {
        using var fixture = await StartAsync(AzureStorageFixture.OverBlobs(azurite));
        await fixture.Container!.GetBlobClient(BlobName).UploadAsync(BinaryData.FromString(Json));

        var state = await ReadAsync(fixture);
        Assert.Equal((42, "agent"), (state.State!.Value, state.State.Text));
        state.State.Value = 43;
        await fixture.Storage.WriteStateAsync("agent", Grain, state);

        Assert.Equal(43, (await ReadAsync(fixture)).State!.Value);
    }

    private static async Task<AzureStorageFixture> StartAsync(AzureStorageFixture fixture)
    {
        await fixture.StartAsync();
        return fixture;
    }

    private static async Task<GrainState<Counter>> ReadAsync(AzureStorageFixture fixture)
    {
        var state = new GrainState<Counter>();
        await fixture.Storage.ReadStateAsync("agent", Grain, state);
        return state;
    }

    private static GrainState<Counter> Sized(int bytes)
    {
        var empty = AzureStorageFixture.Serializer.Serialize(new Counter { Text = "" }).ToMemory().Length;
        return new GrainState<Counter>(new Counter { Text = new string('x', bytes - empty) });
    }
}
