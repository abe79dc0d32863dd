namespace ControlZero.Engine.Quotas;

/// <summary>One window: a stretch of time in which a limit is counted.</summary>
/// <param name="Id">Its number. Of two windows of one <see cref="QuotaWindow"/>, the later one has the larger id.</param>
/// <param name="Start">Its first instant. UTC.</param>
/// <param name="End">The first instant after it, which is the next one's start. UTC.</param>
public readonly record struct WindowSpan(long Id, DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>True when the instant lies in the window.</summary>
    public bool Contains(DateTimeOffset instant) => Start <= instant && instant < End;
}
