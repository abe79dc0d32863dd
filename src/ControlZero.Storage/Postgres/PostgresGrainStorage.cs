using System.Globalization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace ControlZero.Storage.Postgres;

/// <summary>
/// Orleans' ADO.NET storage with what this project needs and it does not do: keys that never share a record, ETags that are compared and not
/// parsed, conflicts that name the stored ETag, a conditional clear, tokens, and a state that is serialized before anything is awaited.
/// </summary>
/// <remarks>The README says why, point by point. What is inside stores bytes only: <see cref="StoredPayload"/>.</remarks>
internal sealed class PostgresGrainStorage(
    IGrainStorage inner,
    IGrainStorageSerializer serializer,
    IActivatorProvider activators) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var stored = await ReadAsync(RecordKey.Of(stateName, grainId), cancellationToken);
        if (!stored.RecordExists)
        {
            Reset(grainState);
            return;
        }

        grainState.State = serializer.Deserialize<T>(BinaryData.FromBytes(stored.State!.Bytes)) ?? New<T>();
        grainState.ETag = stored.ETag;
        grainState.RecordExists = true;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    // A token that fires ends the waiting, not the write: its outcome is then unknown to the caller.
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var key = RecordKey.Of(stateName, grainId);
        var record = new GrainState<StoredPayload>(new StoredPayload { Bytes = serializer.Serialize(grainState.State).ToArray() })
        {
            ETag = grainState.ETag,
            RecordExists = grainState.RecordExists,
        };
        await ChangeAsync(inner.WriteStateAsync, key, grainId, stateName, record, cancellationToken);
        grainState.ETag = record.ETag;
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var key = RecordKey.Of(stateName, grainId);
        if (grainState.ETag is not null)
        {
            // RecordExists: otherwise it would read first, and clear whatever it finds.
            var record = new GrainState<StoredPayload>(new StoredPayload()) { ETag = grainState.ETag, RecordExists = true };
            await ChangeAsync(inner.ClearStateAsync, key, grainId, stateName, record, cancellationToken);
        }
        else if (await ReadAsync(key, cancellationToken) is { RecordExists: true } stored)
        {
            throw Conflict(stateName, grainId, stored.ETag, null);
        }

        Reset(grainState);
    }

    private async Task<GrainState<StoredPayload>> ReadAsync(RecordKey key, CancellationToken cancellationToken)
    {
        var record = new GrainState<StoredPayload>();
        await inner.ReadStateAsync(key.Type, key.Id, record).WaitAsync(cancellationToken);
        return record;
    }

    private async Task ChangeAsync(
        Func<string, GrainId, IGrainState<StoredPayload>, Task> change,
        RecordKey key,
        GrainId grainId,
        string stateName,
        GrainState<StoredPayload> record,
        CancellationToken cancellationToken)
    {
        var expected = record.ETag;
        try
        {
            if (expected is null || IsVersion(expected))
            {
                await change(key.Type, key.Id, record).WaitAsync(cancellationToken);
                return;
            }
        }
        catch (InconsistentStateException)
        {
            // It does not say what is stored; we look.
        }

        var stored = await ReadAsync(key, cancellationToken);
        throw Conflict(stateName, grainId, stored.RecordExists ? stored.ETag : null, expected);
    }

    // What this storage hands out. Anything else was never an ETag of any record.
    private static bool IsVersion(string etag) =>
        int.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
        && version.ToString(CultureInfo.InvariantCulture) == etag;

    private static InconsistentStateException Conflict(string stateName, GrainId grainId, string? stored, string? expected) =>
        new($"state `{stateName}` of {grainId} was changed by somebody else", stored ?? "none", expected ?? "none");

    private void Reset<T>(IGrainState<T> grainState)
    {
        grainState.State = New<T>();
        grainState.ETag = null!;
        grainState.RecordExists = false;
    }

    private T New<T>() => activators.GetActivator<T>().Create();
}
