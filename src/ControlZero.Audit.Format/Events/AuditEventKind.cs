namespace ControlZero.Audit.Format.Events;

/// <summary>What an event records.</summary>
public enum AuditEventKind : byte
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>A decision as it was answered.</summary>
    Decision = 1,

    /// <summary>What a decision became that could not leave as it was made: the last event of a decision id is what its caller was answered.</summary>
    Amendment = 2,

    /// <summary>A reservation that was settled with real usage.</summary>
    Settlement = 3,

    /// <summary>A reservation that was given back.</summary>
    Cancellation = 4,
}

/// <summary>How kinds of events are spelled, in the log and to callers.</summary>
public static class AuditEventKinds
{
    private static readonly string[] Words = ["", "decision", "amendment", "settlement", "cancellation"];

    /// <summary>The word of a kind.</summary>
    public static string ToWord(this AuditEventKind kind) => Words[(int)kind];

    /// <summary>The kind of a word. <see cref="AuditEventKind.Unspecified"/>: there is none of that name.</summary>
    public static AuditEventKind Parse(string word) => (AuditEventKind)Math.Max(0, Array.IndexOf(Words, word));
}
