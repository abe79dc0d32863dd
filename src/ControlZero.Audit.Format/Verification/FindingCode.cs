namespace ControlZero.Audit.Format.Verification;

/// <summary>What kind of thing is wrong, in a word. Stable: programs may rely on them.</summary>
public static class FindingCode
{
    /// <summary>A line is none of a log, is cut off, or has another hash than it should.</summary>
    public const string LineChanged = "line_changed";

    /// <summary>Lines or segments were removed, inserted, repeated or moved.</summary>
    public const string ChainBroken = "chain_broken";

    /// <summary>A segment that the ledger has is not there.</summary>
    public const string SegmentMissing = "segment_missing";

    /// <summary>A segment is not the one that the ledger has, or not where it belongs.</summary>
    public const string SegmentChanged = "segment_changed";

    /// <summary>A file is of no segment, or of a silo that the ledger does not know.</summary>
    public const string FileUnknown = "file_unknown";

    /// <summary>The end of a silo's log, which the ledger covers, is not there.</summary>
    public const string LogCut = "log_cut";

    /// <summary>A body was dropped, and the ledger does not say so.</summary>
    public const string BodyDropped = "body_dropped";

    /// <summary>An export holds another tenant's event.</summary>
    public const string ForeignEvent = "foreign_event";

    /// <summary>A record of the ledger was changed, removed, inserted or moved.</summary>
    public const string LedgerChanged = "ledger_changed";

    /// <summary>The ledger does not contain the head that was kept elsewhere.</summary>
    public const string LedgerCut = "ledger_cut";

    /// <summary>A record of the ledger is not signed, or not by a key that was given.</summary>
    public const string Signature = "signature";
}
