using Orleans.Storage;

namespace ControlZero.Storage.Tests.Contract;

/// <summary>
/// What every provider must do when a call fails half way: what the store holds and what the caller was told agree, and a second attempt
/// with the same state object ends in exactly one applied change. A subclass says how a fault is brought about; it must happen between the
/// provider and its store, since a decorator in front of the provider would leave the provider's own handling out.
/// </summary>
public abstract class StorageFaultContract
{
    private static readonly GrainId Grain = GrainId.Create("contract", "acme~bot");

    /// <summary>The provider, over storage that no other test uses.</summary>
    protected abstract IGrainStorage Storage { get; }

    /// <summary>The given faults with every operation.</summary>
    protected static TheoryData<StorageFault, StorageOperation> WithEveryOperation(params StorageFault[] faults)
    {
        var cases = new TheoryData<StorageFault, StorageOperation>();
        foreach (var fault in faults)
        {
            foreach (var operation in Enum.GetValues<StorageOperation>())
            {
                cases.Add(fault, operation);
            }
        }

        return cases;
    }

    /// <summary>
    /// Runs a call while the fault happens to it, and returns or throws what the call does. When it is back, the fault is over and nothing
    /// of the call is still under way. It may cancel the token where the fault is one of a caller that stops waiting.
    /// </summary>
    protected abstract Task SufferAsync(StorageFault fault, GrainId grain, Func<CancellationToken, Task> call);

    /// <summary>How many changes of this record the store has applied, by the store's own account and not the provider's.</summary>
    protected abstract Task<int> CountAppliedAsync(GrainId grain);

    /// <summary>Lets the fault happen to the operation, checks the contract, and returns what the caller was told and the store did.</summary>
    protected async Task<(Told Told, bool Applied)> CheckAsync(StorageFault fault, StorageOperation operation)
    {
        var state = await PrepareAsync(operation);
        var etag = state.ETag;
        var before = await CountAppliedAsync(Grain);
        Task Call(CancellationToken token) => operation == StorageOperation.Clear
            ? Storage.ClearStateAsync("counter", Grain, state, token)
            : Storage.WriteStateAsync("counter", Grain, state, token);

        var told = await ToldAsync(() => SufferAsync(fault, Grain, Call));
        var applied = await CountAppliedAsync(Grain) - before;

        Assert.InRange(applied, 0, 1);
        await CheckStoredAsync(operation, applied == 1);
        if (told == Told.Applied)
        {
            Assert.Equal(1, applied);
            Assert.Equal((await ReadAsync()).ETag, state.ETag);
            return (told, true);
        }

        // INVARIANT: a refusal means that somebody else was there. Nobody was, so only the unknown is left to be told.
        Assert.Equal(Told.Unknown, told);
        Assert.Equal(etag, state.ETag);
        await CheckSecondAttemptAsync(operation, Call, applied == 1);
        Assert.Equal(1, await CountAppliedAsync(Grain) - before);
        await CheckRecoveryAsync();
        return (told, applied == 1);
    }

    // The state object still holds the ETag of before, so a first attempt that was applied makes the second a refusal, never a second change.
    private async Task CheckSecondAttemptAsync(StorageOperation operation, Func<CancellationToken, Task> call, bool wasApplied)
    {
        var told = await ToldAsync(() => call(CancellationToken.None));

        Assert.Equal(wasApplied ? Told.Refused : Told.Applied, told);
        await CheckStoredAsync(operation, true);
    }

    private async Task CheckRecoveryAsync()
    {
        var state = await ReadAsync();
        state.State!.Value = 3;
        await Storage.WriteStateAsync("counter", Grain, state);
        Assert.Equal(3, (await ReadAsync()).State!.Value);
    }

    private async Task CheckStoredAsync(StorageOperation operation, bool applied)
    {
        var stored = await ReadAsync();
        var (exists, value) = (operation, applied) switch
        {
            (StorageOperation.Insert, false) or (StorageOperation.Clear, true) => (false, 0),
            (_, false) => (true, 1),
            (_, true) => (true, 2),
        };
        Assert.Equal(exists, stored.RecordExists);
        Assert.Equal(value, stored.State!.Value);
    }

    private async Task<GrainState<Counter>> PrepareAsync(StorageOperation operation)
    {
        var state = new GrainState<Counter>(new Counter { Value = 1 });
        if (operation != StorageOperation.Insert)
        {
            await Storage.WriteStateAsync("counter", Grain, state);
        }

        state.State!.Value = 2;
        return state;
    }

    private async Task<GrainState<Counter>> ReadAsync()
    {
        var state = new GrainState<Counter>();
        await Storage.ReadStateAsync("counter", Grain, state);
        return state;
    }

    private static async Task<Told> ToldAsync(Func<Task> call)
    {
        try
        {
            await call();
            return Told.Applied;
        }
        catch (InconsistentStateException)
        {
            return Told.Refused;
        }
        catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
        {
            return Told.Unknown;
        }
    }
}
