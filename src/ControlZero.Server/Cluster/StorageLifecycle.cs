namespace ControlZero.Server.Cluster;

/// <summary>
/// Runs what takes part in a silo's lifecycle where there is no silo: the storages, and the follower of the change feed that reads them. It comes
/// before the gateways and the doors, so that nobody is let in by a server that has not yet read what is in force.
/// </summary>
internal sealed class StorageLifecycle(IEnumerable<ILifecycleParticipant<ISiloLifecycle>> participants, ILogger<StorageLifecycle> logger)
    : IHostedLifecycleService
{
    private readonly Stages _stages = new(logger);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var participant in participants)
        {
            participant.Participate(_stages);
        }

        return _stages.OnStart(cancellationToken);
    }

    // Last of all: what is under way until then still reads.
    public Task StoppedAsync(CancellationToken cancellationToken) => _stages.OnStop(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed class Stages(ILogger logger) : LifecycleSubject(logger), ISiloLifecycle
    {
        public int HighestCompletedStage { get; private set; } = int.MinValue;

        public int LowestStoppedStage { get; private set; } = int.MaxValue;

        protected override void OnStartStageCompleted(int stage) => HighestCompletedStage = stage;

        protected override void OnStopStageCompleted(int stage) => LowestStoppedStage = stage;
    }
}
