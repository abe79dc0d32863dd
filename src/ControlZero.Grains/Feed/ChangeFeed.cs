using ControlZero.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace ControlZero.Grains.Feed;

/// <summary>
/// The change feed in storage. It is no grain: a silo that was cut off or paused may go on with an activation the cluster has long
/// replaced, but it cannot make storage answer with the past.
/// </summary>
internal sealed class ChangeFeed([FromKeyedServices(StorageNames.State)] IGrainStorage storage)
{
    /// <summary>Name of the record's state.</summary>
    public const string StateName = "feed";

    /// <summary>Id of the record.</summary>
    public static readonly GrainId Id = GrainId.Create("feed", "cluster");

    // Of the writers that meet, one always wins, so this many silos may publish at the same moment.
    private const int ConflictAttempts = 32;

    // After a failure the outcome is unknown. Appending the same change again is harmless.
    private const int FailureAttempts = 3;

    private readonly Lock _gate = new();
    private List<Change>? _open;
    private Task _written = Task.CompletedTask;

    /// <summary>The feed as storage has it now.</summary>
    public async Task<ChangeFeedState> ReadAsync(CancellationToken cancellationToken) => Of(await ReadStateAsync(cancellationToken));

    /// <summary>Puts a change at the end. Durable when it returns. Changes that come while another is written share the next write.</summary>
    public Task AppendAsync(Change change)
    {
        lock (_gate)
        {
            if (_open is null)
            {
                _open = [];
                _written = WriteAfterAsync(_written, _open);
            }

            _open.Add(change);
            return _written;
        }
    }

    private async Task WriteAfterAsync(Task previous, List<Change> changes)
    {
        // Off the caller's scheduler: a grain that ends must not take along a write that others wait for.
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_gate)
        {
            // INVARIANT: nobody adds to a list whose write has begun, so whoever awaits a write knows that his change is in it.
            _open = null;
        }

        await WriteAsync(changes);
    }

    private async Task WriteAsync(List<Change> changes)
    {
        var conflicts = 0;
        var failures = 0;
        while (true)
        {
            try
            {
                var state = await ReadStateAsync(CancellationToken.None);
                state.State = Of(state).Append(changes);
                await storage.WriteStateAsync(StateName, Id, state);
                return;
            }
            catch (InconsistentStateException) when (++conflicts < ConflictAttempts)
            {
            }
            catch (Exception failure) when (failure is not InconsistentStateException && ++failures < FailureAttempts)
            {
            }
            catch (Exception failure) when (failure is not OrleansException)
            {
                // As when a grain writes its own state: callers know one kind of failure, whichever the provider.
                throw new OrleansException("the change feed could not be written", failure);
            }
        }
    }

    private static ChangeFeedState Of(GrainState<ChangeFeedState> state) => state.State ?? new ChangeFeedState();

    private async Task<GrainState<ChangeFeedState>> ReadStateAsync(CancellationToken cancellationToken)
    {
        var state = new GrainState<ChangeFeedState>(new ChangeFeedState());
        await storage.ReadStateAsync(StateName, Id, state, cancellationToken);
        return state;
    }
}
