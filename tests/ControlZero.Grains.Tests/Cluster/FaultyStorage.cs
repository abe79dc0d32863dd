using System.Collections.Concurrent;
using Orleans.Storage;

namespace ControlZero.Grains.Tests.Cluster;

/// <summary>What is to go wrong with the next write of a grain's state.</summary>
public enum StorageFault
{
    /// <summary>The write is refused and nothing is stored.</summary>
    BeforeCommit,

    /// <summary>The write is stored and its answer lost.</summary>
    AfterCommit,
}

/// <summary>The faults that tests have asked for.</summary>
public sealed class StorageFaults
{
    private readonly ConcurrentDictionary<(string GrainType, string Key), StorageFault> _armed = new();
    private readonly ConcurrentDictionary<(string GrainType, string Key), Action> _meanwhile = new();

    /// <summary>Makes the next write of that grain fail.</summary>
    public void Arm(string grainType, string key, StorageFault fault) => _armed[(grainType, key)] = fault;

    /// <summary>Lets something happen while the next write of that grain is under way, before it is stored or fails.</summary>
    public void During(string grainType, string key, Action meanwhile) => _meanwhile[(grainType, key)] = meanwhile;

    internal Action? TakeMeanwhile(GrainId grain) =>
        _meanwhile.TryRemove((grain.Type.ToString()!, grain.Key.ToString()!), out var meanwhile) ? meanwhile : null;

    internal StorageFault? Take(GrainId grain) =>
        _armed.TryRemove((grain.Type.ToString()!, grain.Key.ToString()!), out var fault) ? fault : null;
}

/// <summary>Storage that fails when it is told to.</summary>
internal sealed class FaultyStorage(IGrainStorage real, StorageFaults faults) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        real.ReadStateAsync(stateName, grainId, grainState);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        real.ReadStateAsync(stateName, grainId, grainState, cancellationToken);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        faults.TakeMeanwhile(grainId)?.Invoke();
        var fault = faults.Take(grainId);
        if (fault == StorageFault.BeforeCommit)
        {
            throw new IOException("the test refused this write");
        }

        await real.WriteStateAsync(stateName, grainId, grainState, cancellationToken);
        if (fault == StorageFault.AfterCommit)
        {
            throw new IOException("the test lost the answer to this write");
        }
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        real.ClearStateAsync(stateName, grainId, grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        real.ClearStateAsync(stateName, grainId, grainState, cancellationToken);
}
