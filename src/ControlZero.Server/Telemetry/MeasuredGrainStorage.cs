using ControlZero.Server.Health;
using Orleans.Storage;

namespace ControlZero.Server.Telemetry;

/// <summary>A grain storage that measures another.</summary>
internal sealed class MeasuredGrainStorage(IGrainStorage inner, StorageInstruments instruments) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        instruments.MeasureAsync(Reading(stateName), () => inner.ReadStateAsync(stateName, grainId, grainState));

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        instruments.MeasureAsync(Reading(stateName), () => inner.ReadStateAsync(stateName, grainId, grainState, cancellationToken));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        instruments.MeasureAsync("write", () => inner.WriteStateAsync(stateName, grainId, grainState));

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        instruments.MeasureAsync("write", () => inner.WriteStateAsync(stateName, grainId, grainState, cancellationToken));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        instruments.MeasureAsync("clear", () => inner.ClearStateAsync(stateName, grainId, grainState));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        instruments.MeasureAsync("clear", () => inner.ClearStateAsync(stateName, grainId, grainState, cancellationToken));

    // Orleans casts what is registered as the storage to this; what is measured may need it.
    public void Participate(ISiloLifecycle lifecycle) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);

    /// <summary>Measures every storage of grain state that was registered before. Call it last.</summary>
    public static void Decorate(IServiceCollection services)
    {
        services.AddSingleton<StorageInstruments>();
        for (var place = 0; place < services.Count; place++)
        {
            var registered = services[place];
            if (registered.ServiceType == typeof(IGrainStorage) && registered is { IsKeyedService: true, KeyedImplementationFactory: { } create })
            {
                services[place] = ServiceDescriptor.KeyedSingleton<IGrainStorage>(registered.ServiceKey, (provider, key) => Measure(
                    (IGrainStorage)create(provider, key), provider.GetRequiredService<StorageInstruments>()));
            }
        }
    }

    // Two names may stand for one storage, whose operations count once.
    private static MeasuredGrainStorage Measure(IGrainStorage storage, StorageInstruments instruments) =>
        storage as MeasuredGrainStorage ?? new MeasuredGrainStorage(storage, instruments);

    // Apart from the others: an idle server would show nothing but its own probes.
    private static string Reading(string stateName) => stateName == StorageProbe.StateName ? "probe" : "read";
}
