using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Reading;
using ControlZero.Server.Audit.Keeping;

namespace ControlZero.Server.Audit.Reading;

/// <summary>
/// Makes the indexes of sealed segments beside the work, so that a query finds them made. In a shared container each server sees to its own segments, and the silo
/// with the first name to those of all who have not, as the dead.
/// </summary>
/// <param name="reader">Makes them.</param>
/// <param name="own">Whose segments this server writes into a shared container. Null: all it can see are its own.</param>
/// <param name="silos">Who there is. Null: this is no silo.</param>
/// <param name="logger">For what cannot be made.</param>
/// <param name="clock">For the interval.</param>
internal sealed partial class IndexUpkeep(AuditReader reader, string? own, ISiloStatusOracle? silos, ILogger<IndexUpkeep> logger, TimeProvider clock) : BackgroundService
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
                    await reader.IndexAsync(IsMine, stoppingToken);
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

    private bool IsMine(SegmentId segment) => own is null || segment.Silo == own || silos?.IsFirst() == true;

    [LoggerMessage(EventId = 7101, Level = LogLevel.Warning, Message = "Indexes of the audit log could not be made; queries will be slower until they can")]
    private partial void LogNotMade(Exception failure);
}
