namespace ControlZero.Client.Transport;

/// <summary>Deadlines as gRPC wants them.</summary>
internal static class CallDeadline
{
    /// <summary>
    /// The instant after that time. gRPC holds deadlines against the system's clock, so they are made from it; which answers are used is
    /// decided by the client's own clock.
    /// </summary>
    public static DateTime After(TimeSpan time) => (TimeProvider.System.GetUtcNow() + time).UtcDateTime;
}
