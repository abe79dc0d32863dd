using Orleans.Storage;

namespace ControlZero.Server.Tests.Telemetry;

/// <summary>A storage that is empty, fails or hangs as a test says.</summary>
internal sealed class SwitchedStorage(IGrainStorage? inner = null) : IGrainStorage
{
    private volatile Exception? _failure;
    private volatile Task _gate = Task.CompletedTask;

    /// <summary>What every operation fails with. Null: none does.</summary>
    public Exception? Failure
    {
        get => _failure;
        set => _failure = value;
    }

    /// <summary>What every operation waits for.</summary>
    public Task Gate
    {
        get => _gate;
        set => _gate = value;
    }

    public List<string> Operations { get; } = [];

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        RunAsync("read", storage => storage.ReadStateAsync(stateName, grainId, grainState));

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        RunAsync("read+token", storage => storage.ReadStateAsync(stateName, grainId, grainState, cancellationToken));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        RunAsync("write", storage => storage.WriteStateAsync(stateName, grainId, grainState));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        RunAsync("write+token", storage => storage.WriteStateAsync(stateName, grainId, grainState, cancellationToken));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        RunAsync("clear", storage => storage.ClearStateAsync(stateName, grainId, grainState));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        RunAsync("clear+token", storage => storage.ClearStateAsync(stateName, grainId, grainState, cancellationToken));

    private async Task RunAsync(string operation, Func<IGrainStorage, Task> run)
    {
        lock (Operations)
        {
            Operations.Add(operation);
        }

        await _gate;
        if (_failure is { } failure)
        {
            throw failure;
        }

        if (inner is not null)
        {
            await run(inner);
        }
    }
}
