using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Storage;

namespace ControlZero.Server.Tests.Hosting;

/// <summary>A server whose time stands still until a test moves it, and whose storage goes away when a test says so.</summary>
public sealed class PausableServer : RunningServer
{
    private readonly StorageCut _cut = new();
    private readonly Pause _pause;

    public PausableServer() => _pause = new Pause(StoodTime);

    /// <summary>The server's time.</summary>
    public FakeTimeProvider StoodTime { get; } = new(TimeProvider.System.GetUtcNow());

    private protected override TimeSpan FreshnessBound => new FreshnessOptions().Bound;

    /// <summary>Lets time go on past the bound.</summary>
    public void PassTheBound() => StoodTime.Advance(FreshnessBound + TimeSpan.FromMilliseconds(1));

    /// <summary>Takes the storage away and lets time go on past the bound.</summary>
    public void LoseStorage()
    {
        _cut.IsOn = true;
        PassTheBound();
    }

    /// <summary>Gives the storage back, and waits until the server has noticed.</summary>
    public async Task RegainStorageAsync()
    {
        _cut.IsOn = false;
        StoodTime.Advance(FreshnessBound);
        await Until.TrueAsync(() => Services.GetRequiredService<SiloFreshness>().IsFresh, "the server has read the feed");
    }

    /// <summary>Makes the process stand still past the bound after its next decision of a grain, before it is answered.</summary>
    public void PauseAfterDecision() => _pause.Arm();

    private protected override void AlsoAdd(IServiceCollection services)
    {
        base.AlsoAdd(services);
        services.AddKeyedSingleton<TimeProvider>(ClusterClock.Key, StoodTime);
        services.AddSingleton<IIncomingGrainCallFilter>(_pause);
        services.AddSingleton(ClosedCells);
        var real = services.Last(service => service.ServiceType == typeof(IGrainStorage) && Equals(service.ServiceKey, StorageNames.State));
        services.AddKeyedSingleton<IGrainStorage>(StorageNames.State, (provider, key) =>
            new CuttableStorage((IGrainStorage)real.KeyedImplementationFactory!(provider, key), _cut));
    }

    private sealed class Pause(FakeTimeProvider clock) : IIncomingGrainCallFilter
    {
        private int _armed;

        public void Arm() => Volatile.Write(ref _armed, 1);

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            await context.Invoke();
            if (context.Grain is IAgentGrain && Interlocked.Exchange(ref _armed, 0) == 1)
            {
                clock.Advance(new FreshnessOptions().Bound + TimeSpan.FromMilliseconds(1));
            }
        }
    }

    private sealed class StorageCut
    {
        private volatile bool _isOn;

        public bool IsOn
        {
            get => _isOn;
            set => _isOn = value;
        }

        public void Check()
        {
            if (_isOn)
            {
                throw new IOException("the test took the storage away");
            }
        }
    }

    private sealed class CuttableStorage(IGrainStorage real, StorageCut cut) : IGrainStorage
    {
        public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            cut.Check();
            await real.ReadStateAsync(stateName, grainId, grainState);
        }

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            cut.Check();
            await real.WriteStateAsync(stateName, grainId, grainState);
        }

        public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            cut.Check();
            await real.ClearStateAsync(stateName, grainId, grainState);
        }
    }
}

/// <summary>The tests that share it.</summary>
[CollectionDefinition(Name)]
public sealed class PausableServerCollection : ICollectionFixture<PausableServer>
{
    public const string Name = "pausable server";
}
