using System.Diagnostics.Metrics;
using ControlZero.Grains.Hosting;
using Orleans.Storage;

namespace ControlZero.Server.Telemetry;

/// <summary>What the storage of grain state is measured by.</summary>
internal sealed class StorageInstruments
{
    private static readonly double[] Bounds = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly TimeProvider _clock;
    private readonly Histogram<double> _duration;

    public StorageInstruments(IMeterFactory meters, [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
    {
        _clock = clock;
        _duration = meters.Create(TelemetryNames.Source).CreateHistogram(
            "controlzero.storage.duration",
            "s",
            "Time of one operation on the storage of grain state. outcome: done, conflict (somebody else had changed the record), failed.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = Bounds });
    }

    /// <summary>Runs an operation and measures it.</summary>
    /// <param name="operation"><c>read</c>, <c>write</c>, <c>clear</c> or <c>probe</c>.</param>
    /// <param name="run">The operation.</param>
    public async Task MeasureAsync(string operation, Func<Task> run)
    {
        var begun = _clock.GetTimestamp();
        var outcome = "failed";
        try
        {
            await run();
            outcome = "done";
        }
        catch (InconsistentStateException)
        {
            outcome = "conflict";
            throw;
        }
        finally
        {
            _duration.Record(_clock.GetElapsedTime(begun).TotalSeconds, new("operation", operation), new("outcome", outcome));
        }
    }
}
