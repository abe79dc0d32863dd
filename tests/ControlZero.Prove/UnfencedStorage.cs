using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace ControlZero.Prove;

/// <summary>
/// A storage without the compare-and-swap: what a write of a quota record rests on is not compared, the last one wins. With it, the proof must fail.
/// </summary>
internal sealed class UnfencedStorage(IGrainStorage inner) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    private const string Quotas = "quota";
    private const int Attempts = 20;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ReadStateAsync(stateName, grainId, grainState);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (stateName == Quotas)
            {
                var present = new GrainState<T>(Activator.CreateInstance<T>());
                await inner.ReadStateAsync(stateName, grainId, present);
                (grainState.ETag, grainState.RecordExists) = (present.ETag, present.RecordExists);
            }

            try
            {
                await inner.WriteStateAsync(stateName, grainId, grainState);
                return;
            }
            catch (InconsistentStateException) when (stateName == Quotas && attempt < Attempts)
            {
            }
        }
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ClearStateAsync(stateName, grainId, grainState);

    public void Participate(ISiloLifecycle lifecycle) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);

    /// <summary>Puts one before every storage of grain state.</summary>
    public static void Decorate(IServiceCollection services)
    {
        for (var place = 0; place < services.Count; place++)
        {
            var registered = services[place];
            if (registered.ServiceType == typeof(IGrainStorage) && registered is { IsKeyedService: true, KeyedImplementationFactory: { } create })
            {
                services[place] = ServiceDescriptor.KeyedSingleton<IGrainStorage>(
                    registered.ServiceKey, (provider, key) => new UnfencedStorage((IGrainStorage)create(provider, key)));
            }
        }
    }
}
