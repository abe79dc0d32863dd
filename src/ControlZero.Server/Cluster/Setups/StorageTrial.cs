using ControlZero.Abstractions;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>
/// Tries the storages of grain state before the silo takes any work: one that does not keep what it answered, or takes a write on an old ETag,
/// would grant a quota twice.
/// </summary>
internal sealed class StorageTrial(
    IServiceProvider services,
    IOptions<SiloOptions> silo,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>Name of the state that is written and removed again.</summary>
    public const string StateName = "trial";

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);

    // After the storages are initialised, before the silo is a member that others call.
    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe<StorageTrial>(ServiceLifecycleStage.ApplicationServices + 1, RunAsync);

    /// <summary>Tries each storage once.</summary>
    /// <exception cref="StartupException">One does not do what state needs.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var name in (string[])[StorageNames.State, StorageNames.Policies])
        {
            var storage = services.GetRequiredKeyedService<IGrainStorage>(name);
            try
            {
                await TryAsync(name, storage, GrainId.Create(StateName, silo.Value.SiloName), cancellationToken).WaitAsync(Bound, clock, cancellationToken);
            }
            catch (InconsistentStateException failure)
            {
                throw new StartupException(
                    $"another server writes to the storage of `{name}` under the name of this silo, `{silo.Value.SiloName}`; give each its own Cluster:Name", failure);
            }
            catch (TimeoutException failure)
            {
                throw new StartupException($"the storage of `{name}` did not answer a write and a read within {Bound.TotalSeconds} s; look at its load, and start again", failure);
            }
        }
    }

    private static async Task TryAsync(string name, IGrainStorage storage, GrainId id, CancellationToken cancellationToken)
    {
        var first = new GrainState<Trial>(new Trial());
        await storage.ReadStateAsync(StateName, id, first, cancellationToken);
        first.State = new Trial { Nonce = Guid.NewGuid() };
        await storage.WriteStateAsync(StateName, id, first, cancellationToken);

        var read = new GrainState<Trial>(new Trial());
        await storage.ReadStateAsync(StateName, id, read, cancellationToken);
        if (read.State?.Nonce != first.State.Nonce)
        {
            throw new StartupException($"the storage of `{name}` did not return what was just written; give it one that reads its own writes");
        }

        var old = new GrainState<Trial>(new Trial { Nonce = Guid.NewGuid() }) { ETag = read.ETag, RecordExists = true };
        await storage.WriteStateAsync(StateName, id, read, cancellationToken);
        try
        {
            await storage.WriteStateAsync(StateName, id, old, cancellationToken);
        }
        catch (InconsistentStateException)
        {
            await storage.ClearStateAsync(StateName, id, read, cancellationToken);
            return;
        }

        throw new StartupException($"the storage of `{name}` took a write on an old ETag; give it one with conditional writes");
    }

    /// <summary>What is written.</summary>
    internal sealed record Trial
    {
        /// <summary>Another one with each write.</summary>
        public Guid Nonce { get; init; }
    }
}

/// <summary>Registers the trial.</summary>
internal static class StorageTrialExtensions
{
    /// <summary>Has this silo try its storages when it starts.</summary>
    public static ISiloBuilder AddStorageTrial(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, StorageTrial>();
        return silo;
    }
}
