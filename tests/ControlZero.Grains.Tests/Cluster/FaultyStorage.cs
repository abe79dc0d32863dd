using System.Collections.Concurrent;
using Orleans.Storage;

namespace ControlZero.Grains.Tests.Cluster;

/// <summary>What is to go wrong with a write of a grain's state.</summary>
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
    private readonly ConcurrentDictionary<(string GrainType, string Key), Armed> _armed = new();
    private readonly ConcurrentDictionary<(string GrainType, string Key), Action> _meanwhile = new();
    private readonly ConcurrentDictionary<(string GrainType, string Key), Func<Task>> _interjected = new();
    private readonly ConcurrentDictionary<(string GrainType, string Key), Held> _held = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource?> _cut = new();

    /// <summary>Makes writes of that grain fail.</summary>
    /// <param name="grainType">The grain's type.</param>
    /// <param name="key">The grain's key.</param>
    /// <param name="fault">How they fail.</param>
    /// <param name="after">How many go through before.</param>
    /// <param name="times">How many fail.</param>
    public void Arm(string grainType, string key, StorageFault fault, int after = 0, int times = 1) =>
        _armed[(grainType, key)] = new Armed(fault, after, times);

    /// <summary>Does something right before the next write of that grain.</summary>
    public void Interject(string grainType, string key, Func<Task> work) => _interjected[(grainType, key)] = work;

    /// <summary>Holds the answer to the next read of that grain back.</summary>
    public Held Hold(string grainType, string key) => _held[(grainType, key)] = new Held();

    internal Task BeforeAnswerAsync(GrainId grain) =>
        _held.TryRemove((grain.Type.ToString()!, grain.Key.ToString()!), out var held) ? held.WaitAsync() : Task.CompletedTask;

    /// <summary>Forgets what was armed and did not happen.</summary>
    public void Disarm() => _armed.Clear();

    /// <summary>Makes storage refuse everything a silo asks of it.</summary>
    public void CutOff(string silo) => _cut[silo] = null;

    /// <summary>Makes storage swallow everything a silo asks of it.</summary>
    public void Swallow(string silo) => _cut[silo] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends that. What was swallowed fails.</summary>
    public void Reconnect(string silo)
    {
        if (_cut.TryRemove(silo, out var swallowed))
        {
            swallowed?.SetException(new IOException("the test gave the connection up"));
        }
    }

    internal Task PassAsync(string silo) => !_cut.TryGetValue(silo, out var swallowed)
        ? Task.CompletedTask
        : swallowed?.Task ?? Task.FromException(new IOException("the test cut this silo off"));

    internal Task BeforeWriteAsync(GrainId grain) =>
        _interjected.TryRemove((grain.Type.ToString()!, grain.Key.ToString()!), out var work) ? work() : Task.CompletedTask;

    /// <summary>Lets something happen while the next write of that grain is under way, before it is stored or fails.</summary>
    public void During(string grainType, string key, Action meanwhile) => _meanwhile[(grainType, key)] = meanwhile;

    internal Action? TakeMeanwhile(GrainId grain) =>
        _meanwhile.TryRemove((grain.Type.ToString()!, grain.Key.ToString()!), out var meanwhile) ? meanwhile : null;

    internal StorageFault? Take(GrainId grain) =>
        _armed.TryGetValue((grain.Type.ToString()!, grain.Key.ToString()!), out var armed) ? armed.Next() : null;

    private sealed class Armed(StorageFault fault, int after, int times)
    {
        private int _writes;

        public StorageFault? Next()
        {
            var write = Interlocked.Increment(ref _writes);
            return write > after && write <= after + times ? fault : null;
        }
    }
}

/// <summary>Storage as one silo sees it, which fails when it is told to.</summary>
internal sealed class FaultyStorage(IGrainStorage real, string silo, StorageFaults faults) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        await faults.PassAsync(silo);
        await real.ReadStateAsync(stateName, grainId, grainState, cancellationToken);
        await faults.BeforeAnswerAsync(grainId);
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        faults.TakeMeanwhile(grainId)?.Invoke();
        await faults.PassAsync(silo);
        await faults.BeforeWriteAsync(grainId);
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
