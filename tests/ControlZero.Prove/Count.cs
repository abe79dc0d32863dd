using System.Diagnostics;
using ControlZero.Protocol.V1;

namespace ControlZero.Prove;

/// <summary>The referee's count of one limit: the answers that callers received, and nothing a server says of itself.</summary>
internal sealed class Count(string name, long limit)
{
    private readonly Lock _gate = new();
    private long _lastAnswer = Stopwatch.GetTimestamp();

    public string Name => name;

    /// <summary>Allows that callers received.</summary>
    public long Granted { get; private set; }

    public long Denied { get; private set; }

    /// <summary>Calls without a decision. Some of them may have been charged.</summary>
    public long Failed { get; private set; }

    /// <summary>The longest time in which nobody got a decision.</summary>
    public TimeSpan Unavailable { get; private set; }

    /// <summary>What a server said last was used. It is never less than what was granted.</summary>
    public long Used { get; private set; }

    public bool IsExhausted { get; private set; }

    public long OverGranted => Math.Max(0, Granted - limit);

    /// <summary>What nobody was granted, and nobody can be.</summary>
    public long Stranded => Math.Max(0, limit - Granted);

    public void Decided(EnforceResponse response)
    {
        lock (_gate)
        {
            // A server that does not know has not decided.
            if (response.ReasonCode is "STATE_UNAVAILABLE" or "POLICY_STALE")
            {
                Failed++;
                return;
            }

            var now = Stopwatch.GetTimestamp();
            var pause = Stopwatch.GetElapsedTime(_lastAnswer, now);
            Unavailable = pause > Unavailable ? pause : Unavailable;
            _lastAnswer = now;
            Granted += response.Decision == Decision.Allow ? 1 : 0;
            Denied += response.Decision == Decision.Allow ? 0 : 1;
            IsExhausted = response.ReasonCode == "QUOTA_EXCEEDED";
            Used = response.Limits.FirstOrDefault(known => known.Name == name)?.Used ?? Used;
        }
    }

    public void NoDecision()
    {
        lock (_gate)
        {
            Failed++;
        }
    }
}
