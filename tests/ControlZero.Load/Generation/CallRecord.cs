using System.Diagnostics;
using ControlZero.Load.Http2;

namespace ControlZero.Load.Generation;

/// <summary>What one connection's calls came to.</summary>
internal sealed class CallRecord : ICallObserver
{
    public LatencyHistogram Latency { get; } = new();

    public long Failed { get; private set; }

    public string? FirstFailure { get; private set; }

    public void OnEnded(long begun, string? failure)
    {
        Latency.Add(Stopwatch.GetTimestamp() - begun);
        if (failure is not null)
        {
            Failed++;
            FirstFailure ??= failure;
        }
    }
}
