namespace ControlZero.Engine.Quotas;

/// <summary>
/// How many units to have at hand: what the coming two seconds need at the present rate, but never more than a tenth of what is left, and
/// near the limit what one request needs. So a limit under load costs one write in two seconds, a crash strands at most a tenth of what was
/// left, and the last unit can be used.
/// </summary>
public static class BlockRule
{
    /// <summary>How long a block shall last.</summary>
    public static readonly TimeSpan Lasting = TimeSpan.FromSeconds(2);

    /// <summary>With room for so many requests or fewer, each takes its own units.</summary>
    public const int ExactRequests = 16;

    // A block is at most this part of what is left.
    private const int Share = 10;

    // Before a rate is known, so many requests, within a hundredth of the limit.
    private const int ColdRequests = 16;
    private const int ColdShare = 100;

    /// <summary>How many units to have at hand.</summary>
    /// <param name="most">The limit.</param>
    /// <param name="remaining">What of it is in no block.</param>
    /// <param name="typical">What a request usually takes. At least 1.</param>
    /// <param name="ratePerSecond">What is used of it. Unit: units a second. Negative: not known yet.</param>
    /// <returns>0: only what the request at hand takes.</returns>
    public static long Size(long most, long remaining, double typical, double ratePerSecond)
    {
        if (remaining <= ExactRequests * typical)
        {
            return 0;
        }

        var wanted = ratePerSecond < 0
            ? Math.Min(ColdRequests * typical, (double)most / ColdShare)
            : ratePerSecond * Lasting.TotalSeconds;
        return (long)Math.Min(Math.Ceiling(wanted), (double)remaining / Share);
    }
}
