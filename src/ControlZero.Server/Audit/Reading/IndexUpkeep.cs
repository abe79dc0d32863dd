using ControlZero.Audit.Reading;
using ControlZero.Grains.Hosting;

namespace ControlZero.Server.Audit.Reading;

/// <summary>Makes the indexes of sealed segments beside the work, so that a query finds them made.</summary>
internal sealed partial class IndexUpkeep(
    AuditReader reader,
    ILogger<IndexUpkeep> logger,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await reader.IndexAsync(stoppingToken);
                }
                catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
                {
                    // A query makes what it needs, more slowly; the disk has other ways to complain.
                    LogNotMade(failure);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    [LoggerMessage(EventId = 7101, Level = LogLevel.Warning, Message = "Indexes of the audit log could not be made; queries will be slower until they can")]
    private partial void LogNotMade(Exception failure);
}
