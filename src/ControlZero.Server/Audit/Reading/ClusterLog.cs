using System.Collections.Immutable;
using ControlZero.Server.Audit.Keeping;
using Orleans.Runtime.Services;

namespace ControlZero.Server.Audit.Reading;

/// <summary>
/// The log of the whole cluster. Where each silo keeps its part, all active ones are asked; where the log is in one container, this silo reads it, after all
/// have said that what they wrote is there.
/// </summary>
internal sealed class ClusterLog(IServiceProvider services, ISiloStatusOracle silos, IGrainFactory grains, AuditPlace place)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    private readonly ReadClient _client = new(services);

    /// <summary>
    /// Asks for everything that is in the log now. A silo whose part cannot be read in time is named, and so is one that is down and a front door, if the part is on a
    /// disk of its own.
    /// </summary>
    /// <param name="ask">The question.</param>
    /// <param name="bound">How long each may take. Default: 5 s.</param>
    public async Task<Answers<T>> AskAsync<T>(Func<IAuditReadService, Task<T>> ask, TimeSpan? bound = null)
    {
        if (!place.IsShared)
        {
            return await AskEveryDiskAsync(ask, bound);
        }

        // Empty: all of it is there. Else the name of a silo that has events which are not.
        var behind = await AskAsync(Active(), silo => silo.CatchUpAsync());
        var read = await AskAsync([silos.SiloAddress], ask, bound);
        return read with
        {
            Unreachable = [.. behind.All.Where(name => name.Length > 0).Union(behind.Unreachable).Union(read.Unreachable).Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>Asks for what can be read just now, and waits for nobody's disk: how a listener follows.</summary>
    public async Task<Answers<T>> ReadAsync<T>(Func<IAuditReadService, Task<T>> ask) =>
        place.IsShared ? await AskAsync([silos.SiloAddress], ask) : await AskEveryDiskAsync(ask);

    /// <summary>Asks every active silo, wherever the log is.</summary>
    public Task<Answers<T>> AskEachAsync<T>(Func<IAuditReadService, Task<T>> ask) => AskAsync(Active(), ask);

    private Dictionary<SiloAddress, SiloStatus>.KeyCollection Active() => silos.GetApproximateSiloStatuses(onlyActive: true).Keys;

    private async Task<Answers<T>> AskAsync<T>(IEnumerable<SiloAddress> whom, Func<IAuditReadService, Task<T>> ask, TimeSpan? bound = null)
    {
        var asked = await Task.WhenAll(whom.Select(async silo =>
        {
            try
            {
                // The machine's time: what is waited for is the network and a disk.
                return (Silo: silo, Answer: (ImmutableArray<T>)[await ask(_client.Of(silo)).WaitAsync(bound ?? Bound, TimeProvider.System)]);
            }
            catch (Exception failure) when (failure is TimeoutException or OrleansException or IOException)
            {
                return (Silo: silo, Answer: []);
            }
        }));
        return new Answers<T>(
            [.. asked.SelectMany(each => each.Answer)],
            [.. asked.Where(each => each.Answer.IsEmpty).Select(each => NameOf(each.Silo)).Order(StringComparer.Ordinal)]);
    }

    // Silos that are down and front doors have disks that nobody can read: they are named.
    private async Task<Answers<T>> AskEveryDiskAsync<T>(Func<IAuditReadService, Task<T>> ask, TimeSpan? bound = null)
    {
        var active = Active();
        var absent = silos.AbsentNames(active.Select(NameOf).ToHashSet()).ToList();
        var unread = UnreadAsync();
        var answers = await AskAsync(active, ask, bound);
        return answers with { Unreachable = [.. answers.Unreachable.Union(absent).Order(StringComparer.Ordinal), .. await unread] };
    }

    private async Task<string[]> UnreadAsync()
    {
        try
        {
            return await grains.GetGrain<IFrontDoorLogs>(0).NamesAsync().WaitAsync(Bound, TimeProvider.System);
        }
        catch (Exception failure) when (failure is TimeoutException or OrleansException)
        {
            // Nobody knows whether there is one.
            return [$"{OrphanUpkeep.FrontDoorPrefix}*"];
        }
    }

    private string NameOf(SiloAddress silo) => silos.TryGetSiloName(silo, out var name) ? name : silo.ToString();

    private sealed class ReadClient(IServiceProvider services) : GrainServiceClient<IAuditReadService>(services)
    {
        public IAuditReadService Of(SiloAddress silo) => GetGrainService(silo);
    }
}

/// <summary>What the silos answered.</summary>
/// <param name="All">Their answers, in no order.</param>
/// <param name="Unreachable">The names of those that did not.</param>
internal sealed record Answers<T>(ImmutableArray<T> All, ImmutableArray<string> Unreachable);
