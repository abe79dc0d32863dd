using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Retention;

namespace ControlZero.Server.Audit.Keeping;

/// <summary>Drops bodies that are due: each server on its own disk, of a shared container the silo with the first name.</summary>
/// <param name="keeper">Does it.</param>
/// <param name="options">What is due.</param>
/// <param name="silos">Who there is. Null: this server's own disk is meant, which nobody else sees to.</param>
/// <param name="logger">For what was done.</param>
/// <param name="clock">For the interval.</param>
internal sealed partial class RetentionUpkeep(
    RetentionKeeper keeper,
    RetentionOptions options,
    ISiloStatusOracle? silos,
    ILogger<RetentionUpkeep> logger,
    TimeProvider clock) : BackgroundService
{
    // The first time soon: a server that is restarted each night must not keep everything.
    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(First, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                timer.Period = Interval;
                if (silos is null || silos.IsFirst())
                {
                    await ApplyAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var reduced in await keeper.ApplyAsync(options, cancellationToken))
            {
                LogDropped(reduced);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogFailed(failure);
        }
    }

    [LoggerMessage(EventId = 7121, Level = LogLevel.Information, Message = "Bodies of audit segment {Segment} were dropped by Audit:Retention; its hashes stay")]
    private partial void LogDropped(SegmentId segment);

    [LoggerMessage(EventId = 7122, Level = LogLevel.Error, Message = "Audit:Retention cannot be applied; it is tried again in an hour")]
    private partial void LogFailed(Exception failure);
}
