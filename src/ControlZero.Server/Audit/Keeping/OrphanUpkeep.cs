using ControlZero.Audit.Azure;
using ControlZero.Audit.Format.Segments;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Audit.Keeping;

/// <summary>
/// Seals what dead servers left open in the container. One silo at a time does it, that with the first name; two that both believe to be it write
/// the same bytes.
/// </summary>
internal sealed partial class OrphanUpkeep(
    OrphanSealer sealer,
    ISiloStatusOracle silos,
    ServerOptions options,
    ILogger<OrphanUpkeep> logger,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : BackgroundService
{
    /// <summary>What a front door's log is called, and its host's name behind it.</summary>
    public const string FrontDoorPrefix = "frontdoor-";

    private static readonly TimeSpan LongestInterval = TimeSpan.FromMinutes(1);

    // Recovery of the same silo's earlier start takes minutes at most; past this its disk is gone.
    private static readonly TimeSpan RecoveryGrace = TimeSpan.FromHours(1);

    // No membership knows a front door. One that lives ends its segments with the hour, unless it cannot reach the container.
    private static readonly TimeSpan FrontDoorGrace = TimeSpan.FromDays(1);

    /// <summary>Whether the server that wrote a segment will never write again.</summary>
    /// <param name="segment">Of whom.</param>
    /// <param name="active">Names of the active silos.</param>
    /// <param name="sealAfter">How long a silo that is gone may take to be started again.</param>
    /// <param name="now">The time.</param>
    public static bool IsDead(in OpenSegment segment, IReadOnlySet<string> active, TimeSpan sealAfter, DateTimeOffset now)
    {
        var age = now - segment.LastWritten;
        return active.Contains(segment.Id.Silo)
            ? !segment.IsLatest && age >= RecoveryGrace
            : age >= (segment.Id.Silo.StartsWith(FrontDoorPrefix, StringComparison.Ordinal) ? FrontDoorGrace : sealAfter);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var sealAfter = options.Audit.Azure.SealAfter;
        using var timer = new PeriodicTimer(sealAfter < LongestInterval ? sealAfter : LongestInterval, clock);
        var isFirst = true;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var active = silos.ActiveNames();
                if (silos.IsFirst())
                {
                    isFirst &= !await TryAsync(isFirst, active, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    // The first time all days: the cluster may have been down for longer than two.
    private async Task<bool> TryAsync(bool all, HashSet<string> active, CancellationToken cancellationToken)
    {
        try
        {
            // The machine's clock, whatever the cluster's is: segments are as old as the container says.
            var now = TimeProvider.System.GetUtcNow();
            var today = DateOnly.FromDateTime(now.UtcDateTime);
            foreach (var day in all ? (DateOnly?[])[null] : [today.AddDays(-1), today])
            {
                foreach (var done in await sealer.SealAsync(day, segment => IsDead(segment, active, options.Audit.Azure.SealAfter, now), cancellationToken))
                {
                    LogSealed(done);
                }
            }

            return true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogNotSealed(failure);
            return failure is InvalidDataException;
        }
    }

    [LoggerMessage(EventId = 7111, Level = LogLevel.Warning, Message = "Audit segment {Segment} was left open by a dead server and is sealed now")]
    private partial void LogSealed(SegmentId segment);

    [LoggerMessage(EventId = 7112, Level = LogLevel.Error, Message = "Audit segments that dead servers left open cannot be sealed; it is tried again")]
    private partial void LogNotSealed(Exception failure);
}
