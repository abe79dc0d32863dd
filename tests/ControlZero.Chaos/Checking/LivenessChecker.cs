using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>After a fault is over everything is answered again, within a stated time, by every server; and no server ends that nobody stopped.</summary>
/// <param name="patience">The stated time.</param>
internal sealed class LivenessChecker(TimeSpan patience) : IChecker
{
    public string Name => "liveness";

    public string Promise => $"every server answers about every agent {patience.TotalSeconds:0.###} s after a fault is over, beside the start of servers that had to end, and none ends by itself";

    public IEnumerable<Violation> Check(History history)
    {
        foreach (var fault in history.Faults)
        {
            if (fault.Healed == long.MaxValue || fault.Recovered == long.MaxValue || fault.Recovered - fault.Healed - history.StartingWithin(fault.Healed, fault.Recovered) > patience.TotalMicroseconds)
            {
                yield return new Violation(Name, fault.Begun, $"not everything was answered in time after {fault.Fault} ({fault.Phase}) of server {fault.Line.Server}");
            }
        }

        foreach (var died in history.Lines.Where(line => line.Kind == LineKind.Died && !history.Faults.Any(fault => fault.Overlaps(line.At, line.At))))
        {
            yield return new Violation(Name, died.At, $"server {died.Server} ended by itself: {died.Status}");
        }

        var final = history.Lines.Where(line => line.Kind == LineKind.Final).ToList();
        if (final.Count == 0)
        {
            yield return new Violation(Name, 0, "nobody looked whether everything is answered at the end");
        }

        foreach (var line in final.Where(line => line.Status.Length > 0))
        {
            yield return new Violation(Name, line.At, $"at the end server {line.Server} does not answer about {line.Tenant} {line.Agent}: {line.Status}");
        }
    }
}
