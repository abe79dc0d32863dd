using ControlZero.Load.Generation;
using ControlZero.Load.Targets;

namespace ControlZero.Load.Measuring;

/// <summary>What one run against one server came to.</summary>
/// <param name="Rate">Decisions a second; of the echo, answers.</param>
/// <param name="CpuMicroseconds">The server's processor time for each.</param>
/// <param name="P50">Median time of a call. Unit of the three: microseconds. 0: the generator does not say.</param>
/// <param name="P99">What 99 % did not exceed.</param>
/// <param name="P999">What 99.9 % did not exceed.</param>
internal sealed record Sample(double Rate, double CpuMicroseconds, double P50, double P99, double P999)
{
    // A generator that ends early measures how a connection is opened.
    private const double LeastPart = 0.9;

    /// <summary>Drives a target once.</summary>
    public static async Task<Sample> TakeAsync(Scenario scenario, ITarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var calls = scenario.Select(target, scenario.Agents);
        var before = target.Process.ReadCpuTime();
        var drive = target is EchoTarget ? scenario.DriveEcho : scenario.Drive;
        var result = await drive(calls, duration, cancellationToken);
        var cpu = target.Process.ReadCpuTime() - before;
        if (result.Elapsed < duration * LeastPart)
        {
            throw new LoadException(
                $"a sample of `{scenario.Name}` was to take {duration.TotalSeconds:0.0} s and took {result.Elapsed.TotalSeconds:0.00} s: its figures say nothing");
        }

        var decisions = result.Calls * calls.DecisionsPerCall;
        return new Sample(
            result.Rate * calls.DecisionsPerCall,
            cpu.TotalMicroseconds / decisions,
            result.Latency.Microseconds(0.5),
            result.Latency.Microseconds(0.99),
            result.Latency.Microseconds(0.999));
    }
}
