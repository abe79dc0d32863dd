using ControlZero.Storage.Tests.Contract;

namespace ControlZero.Storage.Tests.Cluster;

/// <summary>Counts, in storage.</summary>
[Alias("cz.tests.ICounterGrain")]
public interface ICounterGrain : IGrainWithStringKey
{
    /// <summary>Adds one and stores it.</summary>
    [Alias("Increment")]
    Task<int> IncrementAsync();

    /// <summary>The silo that it runs in.</summary>
    [Alias("Where")]
    Task<string> WhereAsync();
}

[GrainType("cz-tests-counter")]
internal sealed class CounterGrain(
    [PersistentState("counter", ClusterContract.StorageName)] IPersistentState<Counter> counter,
    ILocalSiloDetails silo) : Grain, ICounterGrain
{
    public async Task<int> IncrementAsync()
    {
        counter.State.Value++;
        await counter.WriteStateAsync();
        return counter.State.Value;
    }

    public Task<string> WhereAsync() => Task.FromResult(silo.SiloAddress.ToString());
}
