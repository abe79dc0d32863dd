using ControlZero.Abstractions;
using ControlZero.Server.Cluster.Setups;
using ControlZero.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace ControlZero.Server.Tests.Cluster;

public sealed class StorageTrialTests
{
    [Fact]
    public async Task Trial_OfAStorageThatDoesAll_LeavesNothingBehind()
    {
        var storage = new OneRecord();

        await RunAsync(storage, new OneRecord());

        Assert.Equal((false, 1), (storage.Exists, storage.Conflicts));
    }

    [Fact]
    public async Task Trial_OfAStorageThatTakesOldETags_IsRefused() => await RefusedAsync(
        new OneRecord(), new OneRecord { TakesOldETags = true }, "the storage of `controlzero-policies` took a write on an old ETag; ");

    [Fact]
    public async Task Trial_OfAStorageThatForgets_IsRefused() => await RefusedAsync(
        new OneRecord { Forgets = true }, new OneRecord(), "the storage of `controlzero` did not return what was just written; ");

    private static async Task RefusedAsync(OneRecord state, OneRecord policies, string fault)
    {
        var refusal = await Assert.ThrowsAsync<StartupException>(() => RunAsync(state, policies));

        Assert.StartsWith(fault, refusal.Message, StringComparison.Ordinal);
    }

    private static async Task RunAsync(OneRecord state, OneRecord policies)
    {
        await using var services = new ServiceCollection()
            .AddKeyedSingleton<IGrainStorage>(StorageNames.State, state)
            .AddKeyedSingleton<IGrainStorage>(StorageNames.Policies, policies)
            .BuildServiceProvider();
        await new StorageTrial(services, Options.Create(new SiloOptions { SiloName = "silo-1" }), TimeProvider.System).RunAsync(CancellationToken.None);
    }

    // A storage of one record, whose protections can be taken away.
    private sealed class OneRecord : IGrainStorage
    {
        private object? _value;
        private int _version;

        public bool TakesOldETags { get; init; }

        public bool Forgets { get; init; }

        public bool Exists => _value is not null;

        public int Conflicts { get; private set; }

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (_value is T value && !Forgets)
            {
                (grainState.State, grainState.ETag, grainState.RecordExists) = (value, $"{_version}", true);
            }

            return Task.CompletedTask;
        }

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (!TakesOldETags && _value is not null && grainState.ETag != $"{_version}")
            {
                Conflicts++;
                throw new InconsistentStateException("another ETag is stored");
            }

            _value = grainState.State;
            (grainState.ETag, grainState.RecordExists) = ($"{++_version}", true);
            return Task.CompletedTask;
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            _value = null;
            return Task.CompletedTask;
        }
    }
}
