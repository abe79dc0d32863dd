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
    /// <summary>Drives a target once.</summary>
    public static async Task<Sample> TakeAsync(Scenario scenario, ITarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var calls = scenario.Select(target, scenario.Agents);
        var before = target.Process.ReadCpuTime();
        var drive = target is EchoTarget ? scenario.DriveEcho : scenario.Drive;
        var result = await drive(calls, duration, cancellationToken);
        var cpu = target.Process.ReadCpuTime() - before;
        var decisions = result.Calls * calls.DecisionsPerCall;
        return new Sample(
            result.Rate * calls.DecisionsPerCall,
            cpu.TotalMicroseconds / decisions,
            result.Latency.Microseconds(0.5),
            result.Latency.Microseconds(0.99),
            result.Latency.Microseconds(0.999));
    }
}
