using ControlZero.Abstractions;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Agents;

/// <summary>
/// Has the counters of a silo's agents written some time after they were first touched, a bounded number a second: a hundred thousand agents
/// that were all asked about at once are written over minutes and cost the decisions next to nothing. Being asked to save also keeps an
/// activation in memory whose decisions are all made on its cell, and which would look idle.
/// </summary>
internal sealed partial class UsageSaver(
    AgentCells cells,
    SiloFreshness freshness,
    IGrainFactory grains,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
    ILogger<UsageSaver> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    /// <summary>How long counters wait at least.</summary>
    internal static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    /// <summary>Between two rounds.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Agents saved in a round.</summary>
    internal const int PerRound = 256;

    private const int AtOnce = 4;

    private readonly CancellationTokenSource _stop = new();
    private Task _rounds = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(UsageSaver), ServiceLifecycleStage.Active, StartAsync, StopAsync);

    public void Dispose() => _stop.Dispose();

    private Task StartAsync(CancellationToken cancellationToken)
    {
        _rounds = RunAsync(new PeriodicTimer(Pause, clock));
        return Task.CompletedTask;
    }

    // What is not saved by then, the grains save themselves when they end.
    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _rounds;
    }

    private async Task RunAsync(PeriodicTimer timer)
    {
        using (timer)
        {
            try
            {
                while (await timer.WaitForNextTickAsync(_stop.Token))
                {
                    // A silo that does not hear of its storage would only make its agents wait for it.
                    if (freshness.Age > freshness.Bound)
                    {
                        continue;
                    }

                    await Parallel.ForEachAsync(
                        Due(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _stop.Token }, SaveAsync);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
            }
        }
    }

    private IEnumerable<AgentCell> Due()
    {
        var since = clock.GetUtcNow() - Wait;
        for (var count = 0; count < PerRound && cells.TryTakeUnsaved(since, out var cell); count++)
        {
            yield return cell;
        }
    }

    private async ValueTask SaveAsync(AgentCell cell, CancellationToken cancellationToken)
    {
        // Whoever is retracted has been saved, and a call would bring him back.
        if (cell.IsRetracted || cancellationToken.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await grains.GetGrain<IAgentUsageGrain>(GrainKeys.Of(cell.Tenant, cell.Agent)).SaveUsageAsync(CancellationToken.None);
        }
        catch (Exception failure)
        {
            LogNotAsked(failure);
            cells.SaveLater(cell);
        }
    }

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "An agent could not be asked to save its usage counters; it is asked again")]
    private partial void LogNotAsked(Exception failure);
}
