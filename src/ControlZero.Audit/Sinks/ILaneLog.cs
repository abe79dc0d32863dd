using ControlZero.Audit.Wal;

namespace ControlZero.Audit.Sinks;

/// <summary>What a lane tells its log, and asks it.</summary>
internal interface ILaneLog
{
    /// <summary>More is in the sink, or it failed.</summary>
    void Progressed(SinkLane lane);

    /// <summary>A segment is final in a sink, or had nothing to be put there.</summary>
    void SealedIn(WalSegment segment);

    /// <summary>Another silo sealed it and told the ledger.</summary>
    void SealedElsewhere(WalSegment segment);

    /// <summary>The sink takes few more blocks of this segment.</summary>
    void EndSegment(WalSegment segment);

    /// <summary>Whether a sink that is gone may be left without a segment: it is in another sink, and the local disk has no more room for it.</summary>
    bool MayGiveUp(SinkLane lane, WalSegment segment);
}
