namespace ControlZero.Server.Audit.Reading;

/// <summary>Of a front door whose log no silo can read: says to the silos that it is there, so that they can say what is missing.</summary>
/// <param name="name">What its log is called.</param>
/// <param name="grains">Reaches the silos.</param>
/// <param name="clock">For the intervals.</param>
/// <param name="logger">For when they cannot be told.</param>
internal sealed partial class FrontDoorAnnouncer(string name, IGrainFactory grains, TimeProvider clock, ILogger<FrontDoorAnnouncer> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(FrontDoorNames.Interval, clock);
        try
        {
            do
            {
                await AnnounceAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IFrontDoorLogs>(0).AnnounceAsync(name).WaitAsync(FrontDoorNames.Interval, clock, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, it is tried again; a silo of an older build knows nothing of it.
            LogNotAnnounced(failure);
        }
    }

    [LoggerMessage(EventId = 7131, Level = LogLevel.Warning, Message = "No silo could be told that this front door keeps its audit events on its own disk; queries do not say that they are missing")]
    private partial void LogNotAnnounced(Exception failure);
}
