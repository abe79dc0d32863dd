namespace ControlZero.Audit.Log;

/// <summary>What became of an entry.</summary>
public enum AuditOutcome
{
    /// <summary>None. Never given.</summary>
    Unspecified = 0,

    /// <summary>It is where the settings want it: the answer may leave.</summary>
    Durable,

    /// <summary>Mode <c>buffered</c>: taken, not yet written.</summary>
    Buffered,

    /// <summary>Mode <c>buffered</c>: no room. It is lost, counted, and will be in a gap record.</summary>
    Dropped,

    /// <summary>It could not be made durable: <c>AUDIT_UNAVAILABLE</c>. It may be found in the log all the same, as a call's whose answer was lost may.</summary>
    Unavailable,
}

/// <summary>The answer to an append.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why not, for an operator; null when it is well.</param>
public sealed record AuditAppend(AuditOutcome Outcome, string? Reason = null)
{
    /// <summary>Whether the answer to the caller may leave.</summary>
    public bool IsAccepted => Outcome is AuditOutcome.Durable or AuditOutcome.Buffered or AuditOutcome.Dropped;
}
