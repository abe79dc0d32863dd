using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Cluster;

/// <summary>Answers for this silo.</summary>
internal sealed class SiloFactsService(
    GrainId id,
    Silo silo,
    ILoggerFactory loggers,
    ISiloFactsSource source) : GrainService(id, silo, loggers), ISiloFactsService
{
    public Task<SiloFacts> DescribeAsync() => Task.FromResult(source.Read());
}
