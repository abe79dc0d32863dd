using ControlZero.Storage.Tests.Contract;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Azure;

/// <summary>The contract over Azurite, for both stores and both ways of clearing.</summary>
public abstract class AzureGrainStorageTests : GrainStorageContract, IAsyncLifetime, IDisposable
{
    private readonly AzureStorageFixture _fixture;

    private protected AzureGrainStorageTests(AzureStorageFixture fixture) => _fixture = fixture;

    protected override IGrainStorage Storage => _fixture.Storage;

    // Azurite takes a few milliseconds for each.
    protected override int ManyRecords => 100;

    public Task InitializeAsync() => _fixture.StartAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _fixture.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What Azure Table takes.</summary>
public abstract class AzureTableContractTests : AzureGrainStorageTests
{
    private protected AzureTableContractTests(AzureStorageFixture fixture)
        : base(fixture)
    {
    }

    protected override string UnknownETag => "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\"";

    protected override bool Takes(RecordAddress address) =>
        !"/\\#?".Any((address.StateName + address.Key).Contains)
        && !address.GrainType.Contains('_', StringComparison.Ordinal)
        && address.Key.Length <= 512 - "tests_contract_".Length;
}

/// <summary>What Azure Blob takes.</summary>
public abstract class AzureBlobContractTests : AzureGrainStorageTests
{
    private protected AzureBlobContractTests(AzureStorageFixture fixture)
        : base(fixture)
    {
    }

    protected override string UnknownETag => "\"0x8D0000000000000\"";

    protected override bool Takes(RecordAddress address) =>
        !address.StateName.Any(@"-/\".Contains)
        && !address.Key.Contains('\\', StringComparison.Ordinal)
        && !address.Key.Split('/').Any(segment => segment is "" or "." or "..");
}

[Collection(AzuriteCollection.Name)]
public sealed class AzureTableGrainStorageTests(AzuriteFixture azurite) : AzureTableContractTests(AzureStorageFixture.OverTable(azurite))
{
    protected override bool KeepsClearedRecords => true;
}

[Collection(AzuriteCollection.Name)]
public sealed class AzureTableDeletingTests(AzuriteFixture azurite)
    : AzureTableContractTests(AzureStorageFixture.OverTable(azurite, deleteOnClear: true, useStringFormat: true));

[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobGrainStorageTests(AzuriteFixture azurite) : AzureBlobContractTests(AzureStorageFixture.OverBlobs(azurite));

[Collection(AzuriteCollection.Name)]
public sealed class AzureBlobKeepingTests(AzuriteFixture azurite)
    : AzureBlobContractTests(AzureStorageFixture.OverBlobs(azurite, deleteOnClear: false))
{
    protected override bool KeepsClearedRecords => true;
}
