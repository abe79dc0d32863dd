using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace ControlZero.Storage.Embedded;

/// <summary>Orleans' storage contract over <see cref="EmbeddedDatabase"/>. A cleared record is deleted.</summary>
internal sealed class EmbeddedGrainStorage(
    EmbeddedDatabase database,
    IGrainStorageSerializer serializer,
    IActivatorProvider activators) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var record = await database.ReadAsync(Name(stateName, grainId)).WaitAsync(cancellationToken);
        if (record is null)
        {
            Reset(grainState);
            return;
        }

        grainState.State = serializer.Deserialize<T>(BinaryData.FromBytes(record.Payload)) ?? New<T>();
        grainState.ETag = record.ETag;
        grainState.RecordExists = true;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    // A token that fires ends the waiting, not the write: its outcome is then unknown to the caller. One that has fired before begins nothing.
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var payload = serializer.Serialize(grainState.State).ToArray();
        var result = await database.WriteAsync(Name(stateName, grainId), grainState.ETag, payload).WaitAsync(cancellationToken);
        Check(result, stateName, grainId, grainState.ETag);
        grainState.ETag = result.ETag!;
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var result = await database.DeleteAsync(Name(stateName, grainId), grainState.ETag).WaitAsync(cancellationToken);
        Check(result, stateName, grainId, grainState.ETag);
        Reset(grainState);
    }

    private static RecordName Name(string stateName, GrainId grainId) =>
        new(grainId.Type.ToString()!, grainId.Key.ToString()!, stateName);

    private static void Check(WriteResult result, string stateName, GrainId grainId, string? expected)
    {
        if (!result.Applied)
        {
            throw new InconsistentStateException(
                $"state `{stateName}` of {grainId} was changed by somebody else",
                result.ETag ?? "none",
                expected ?? "none");
        }
    }

    private void Reset<T>(IGrainState<T> grainState)
    {
        grainState.State = New<T>();
        grainState.ETag = null!;
        grainState.RecordExists = false;
    }

    private T New<T>() => activators.GetActivator<T>().Create();
}
