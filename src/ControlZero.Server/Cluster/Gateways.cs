using ControlZero.Grains.Cluster;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Health;

namespace ControlZero.Server.Cluster;

/// <summary>
/// Asks a silo for a sign of life, again and again, through whichever gateway there is: a front door that reaches none is no part of its cluster. Asked
/// also while nobody calls, because a front door that is not ready gets no calls that could connect it.
/// </summary>
internal sealed partial class Gateways(
    IGrainFactory grains,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
    ILogger<Gateways> logger) : BackgroundService, IMembership
{
    /// <summary>So many questions in a row without an answer make it unready: one alone may have gone to a gateway that was just killed.</summary>
    internal const int Failures = 2;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private int _failures;

    /// <inheritdoc/>
    public string? Missing => Volatile.Read(ref _failures) < Failures ? null : "no_gateway";

    /// <summary>Asks once. Never fails: what came of it is <see cref="Missing"/>.</summary>
    public async Task AskAsync(CancellationToken cancellationToken)
    {
        var was = Missing;
        try
        {
            await grains.GetGrain<IClusterGrain>(0).PingAsync().WaitAsync(Patience, clock, cancellationToken);
            Volatile.Write(ref _failures, 0);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _failures);
            if (was is null && Missing is not null)
            {
                LogNone(failure);
            }
        }

        if (was is not null && Missing is null)
        {
            LogBack();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        try
        {
            do
            {
                await AskAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Error, Message = "No gateway of the cluster answers; this front door is not ready")]
    private partial void LogNone(Exception failure);

    [LoggerMessage(EventId = 4102, Level = LogLevel.Warning, Message = "A gateway of the cluster answers again")]
    private partial void LogBack();
}
