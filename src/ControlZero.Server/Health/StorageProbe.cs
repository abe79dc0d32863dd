using ControlZero.Abstractions;
using ControlZero.Grains.Hosting;
using Orleans.Storage;

namespace ControlZero.Server.Health;

/// <summary>Reads a record that is never written, again and again, so that an idle server also knows whether it reaches its storage.</summary>
internal sealed partial class StorageProbe(
    [FromKeyedServices(StorageNames.State)] IGrainStorage storage,
    StorageProbeOptions options,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
    ILogger<StorageProbe> logger) : BackgroundService
{
    /// <summary>Name of the state that is read. There is none of that name.</summary>
    public const string StateName = "probe";

    private static readonly GrainId Nobody = GrainId.Create("probe", "storage");
    private int _failures;

    /// <summary>False: the last reads failed, one after the other.</summary>
    public bool IsReachable => Volatile.Read(ref _failures) < options.Failures;

    /// <summary>Reads once. Never fails: what came of it is <see cref="IsReachable"/>.</summary>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        var wasReachable = IsReachable;
        try
        {
            await storage
                .ReadStateAsync(StateName, Nobody, new GrainState<Nothing>(), cancellationToken)
                .WaitAsync(options.Timeout, clock, cancellationToken);
            Volatile.Write(ref _failures, 0);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _failures);
            if (wasReachable && !IsReachable)
            {
                LogOutOfReach(failure);
            }
        }

        if (!wasReachable && IsReachable)
        {
            LogBack();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Period, clock);
        try
        {
            do
            {
                await ProbeAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    [LoggerMessage(EventId = 4001, Level = LogLevel.Error, Message = "The storage of grain state is out of reach; this silo is not ready")]
    private partial void LogOutOfReach(Exception failure);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Warning, Message = "The storage of grain state is in reach again")]
    private partial void LogBack();

    /// <summary>What the record would hold.</summary>
    internal sealed class Nothing;
}
