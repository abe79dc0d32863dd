using Microsoft.Extensions.Logging;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace ControlZero.Storage.Azure;

/// <summary>Orleans' storage contract over Azure Table or Azure Blob: which of the two is the record store's business.</summary>
internal sealed class AzureGrainStorage(
    AzureGrainStorageSettings settings,
    IAzureRecordStore records,
    IActivatorProvider activators,
    ILogger<AzureGrainStorage> logger) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    private readonly IGrainStorageSerializer _serializer = settings.Serializer;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe($"{nameof(AzureGrainStorage)}-{settings.Name}", settings.InitStage, records.InitializeAsync);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var stored = await ReadAsync(records.Locate(stateName, grainId), cancellationToken);
        var state = stored?.Payload is { } payload ? _serializer.Deserialize<T>(payload) : default;
        grainState.State = state ?? New<T>();
        grainState.ETag = stored?.ETag!;
        grainState.RecordExists = stored?.Payload is not null;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    // A token that fires ends the waiting, not the request: its outcome is then unknown to the caller.
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var record = records.Locate(stateName, grainId);
        var payload = _serializer.Serialize(grainState.State);
        grainState.ETag = await new ConditionalChange(record, grainState.ETag, logger).WriteAsync(payload, cancellationToken);
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var record = records.Locate(stateName, grainId);
        var etag = await ClearAsync(record, grainState.ETag, cancellationToken);
        grainState.State = New<T>();
        grainState.ETag = etag!;
        grainState.RecordExists = false;
    }

    private async Task<string?> ClearAsync(IAzureRecordClient record, string? expectedETag, CancellationToken cancellationToken)
    {
        if (expectedETag is null)
        {
            // Nothing was ever read or written here, so nothing may be there.
            return await ReadAsync(record, cancellationToken) is { } stored
                ? throw new InconsistentStateException($"`{record.Address}` was made by somebody else; read it again", stored.ETag, "none")
                : null;
        }

        var change = new ConditionalChange(record, expectedETag, logger);
        if (!settings.DeleteOnClear)
        {
            return await change.WriteAsync(payload: null, cancellationToken);
        }

        await change.DeleteAsync(cancellationToken);
        return null;
    }

    private static async Task<AzureRecord?> ReadAsync(IAzureRecordClient record, CancellationToken cancellationToken)
    {
        // The client library makes no second attempt, which is for the writes' sake. A read may always be repeated.
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                return await record.ReadAsync(cancellationToken);
            }
            catch (Exception late) when (!cancellationToken.IsCancellationRequested && AzureFailures.IsTimeout(late))
            {
                // The library says it with a cancellation, which Orleans would take for the caller's.
                throw new TimeoutException($"`{record.Address}` could not be read in time; try again", late);
            }
            catch (Exception failure) when (isFirst
                && !cancellationToken.IsCancellationRequested
                && AzureFailures.LeavesTheOutcomeOpen(failure))
            {
            }
        }
    }

    private T New<T>() => activators.GetActivator<T>().Create();
}

/// <summary>What the options of Azure Table and Azure Blob have in common.</summary>
/// <param name="Name">The provider's name.</param>
/// <param name="Serializer">Turns state into bytes and back.</param>
/// <param name="InitStage">Stage of the silo's start at which the table or container is made.</param>
/// <param name="DeleteOnClear">True: a cleared record is deleted. False: it is kept without a payload.</param>
internal sealed record AzureGrainStorageSettings(string Name, IGrainStorageSerializer Serializer, int InitStage, bool DeleteOnClear);
