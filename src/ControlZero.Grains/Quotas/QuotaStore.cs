using ControlZero.Abstractions;
using ControlZero.Engine.Quotas;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace ControlZero.Grains.Quotas;

/// <summary>The quota records in storage, past the activations' own state: what was read and what was written are never mixed up in one object.</summary>
internal sealed class QuotaStore([FromKeyedServices(StorageNames.State)] IGrainStorage storage)
{
    /// <summary>Name of the records' state.</summary>
    public const string StateName = "quota";

    // Storage is asked no longer than this: what it did by then is not known, and found out by reading.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The record and its version. Null: there is none.</summary>
    public async Task<(QuotaRecord? Record, string? ETag)> ReadAsync(GrainId id)
    {
        var state = new GrainState<QuotaRecord>(new QuotaRecord());
        await storage.ReadStateAsync(StateName, id, state, CancellationToken.None).WaitAsync(Patience);
        return state.RecordExists ? (state.State, state.ETag) : (null, null);
    }

    /// <summary>Writes a record if it is what the write rests on. Returns its new version. Fails: nobody knows whether it was written.</summary>
    public async Task<string?> WriteAsync(GrainId id, QuotaWrite write)
    {
        var state = new GrainState<QuotaRecord>(write.Record) { ETag = write.ETag, RecordExists = write.ETag is not null };
        await storage.WriteStateAsync(StateName, id, state, CancellationToken.None).WaitAsync(Patience);
        return state.ETag;
    }
}
