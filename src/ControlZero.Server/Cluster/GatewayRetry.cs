using ControlZero.Grains.Hosting;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Cluster;

/// <summary>
/// Has a front door wait for its cluster: silos and front doors are started in any order. It serves nobody until then, and says every half a minute
/// what it waits for.
/// </summary>
internal sealed partial class GatewayRetry(
    ServerOptions options,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
    ILogger<GatewayRetry> logger) : IClientConnectionRetryFilter
{
    private const int SaidEvery = 30;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private int _attempts;

    /// <inheritdoc/>
    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_attempts++ % SaidEvery == 0)
        {
            LogWaits(options.Cluster.Id, exception);
        }

        await Task.Delay(Pause, clock, cancellationToken);
        return true;
    }

    [LoggerMessage(
        EventId = 4103,
        Level = LogLevel.Warning,
        Message = "No silo of cluster `{Cluster}` with an open gateway can be reached yet; start silos with Cluster:GatewayPort, and check Cluster:Id")]
    private partial void LogWaits(string cluster, Exception failure);
}
