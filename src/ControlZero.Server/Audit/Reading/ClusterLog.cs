using System.Collections.Immutable;
using Orleans.Runtime.Services;

namespace ControlZero.Server.Audit.Reading;

/// <summary>The log of the whole cluster: asks every active silo for its part.</summary>
internal sealed class ClusterLog(IServiceProvider services, ISiloStatusOracle silos)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    private readonly ReadClient _client = new(services);

    /// <summary>Asks all of them. One that does not answer within 5 s is named.</summary>
    public async Task<Answers<T>> AskAsync<T>(Func<IAuditReadService, Task<T>> ask)
    {
        var asked = await Task.WhenAll(silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Select(async silo =>
        {
            try
            {
                // The machine's time: what is waited for is the network and a disk.
                return (Silo: silo, Answer: (ImmutableArray<T>)[await ask(_client.Of(silo)).WaitAsync(Bound, TimeProvider.System)]);
            }
            catch (Exception failure) when (failure is TimeoutException or OrleansException or IOException)
            {
                return (Silo: silo, Answer: []);
            }
        }));
        return new Answers<T>(
            [.. asked.SelectMany(each => each.Answer)],
            [.. asked.Where(each => each.Answer.IsEmpty).Select(each => silos.TryGetSiloName(each.Silo, out var name) ? name : each.Silo.ToString()).Order(StringComparer.Ordinal)]);
    }

    private sealed class ReadClient(IServiceProvider services) : GrainServiceClient<IAuditReadService>(services)
    {
        public IAuditReadService Of(SiloAddress silo) => GetGrainService(silo);
    }
}

/// <summary>What the silos answered.</summary>
/// <param name="All">Their answers, in no order.</param>
/// <param name="Unreachable">The names of those that did not.</param>
internal sealed record Answers<T>(ImmutableArray<T> All, ImmutableArray<string> Unreachable);
