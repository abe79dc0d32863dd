using System.Diagnostics;
using ControlZero.Load.Targets;

namespace ControlZero.Load.Measuring;

/// <summary>
/// Drives a server until its code is compiled as it stays. .NET compiles a method again when it was called often, and a busy server takes a minute or
/// more for all that it calls: what is measured before is the compiler, too.
/// </summary>
internal static class WarmUp
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(2);

    // Of one processor. What is left of it then is a hundredth of what two are measured by.
    private const double Quiet = 0.02;

    /// <summary>Drives it, and says whether the compiler had come to rest.</summary>
    /// <param name="scenario">In which way.</param>
    /// <param name="target">The server.</param>
    /// <param name="longest">How long at most.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public static async Task<bool> DriveAsync(Scenario scenario, ITarget target, TimeSpan longest, CancellationToken cancellationToken)
    {
        var calls = scenario.Select(target, scenario.Agents);
        var drive = target is EchoTarget ? scenario.DriveEcho : scenario.Drive;
        var begun = Stopwatch.GetTimestamp();
        TimeSpan left;
        while ((left = longest - Stopwatch.GetElapsedTime(begun)) > TimeSpan.Zero)
        {
            var (before, from) = (target.Process.ReadCompilerTime(), Stopwatch.GetTimestamp());
            await drive(calls, left < Slice ? left : Slice, cancellationToken);
            if (target.Process.ReadCompilerTime() - before <= Stopwatch.GetElapsedTime(from) * Quiet)
            {
                return true;
            }
        }

        return false;
    }
}
