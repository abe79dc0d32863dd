namespace ControlZero.Audit.Format.Verification;

/// <summary>Something that is not as it was written.</summary>
/// <param name="File">Path below the log's root; of a missing file its segment.</param>
/// <param name="Line">From 1; 0: the file as a whole.</param>
/// <param name="What">What is wrong, for a person.</param>
public sealed record VerifyFinding(string File, long Line, string What)
{
    /// <summary>What kind of thing it is, one of <see cref="FindingCode"/>.</summary>
    public string Code { get; init; } = "";

    /// <summary>The record it was found at; 0: none in particular.</summary>
    public long Sequence { get; init; }

    /// <summary><c>file:line: what</c></summary>
    public override string ToString() => Line > 0 ? $"{File}:{Line}: {What}" : $"{File}: {What}";
}

/// <summary>What verifying found.</summary>
public sealed record VerifyReport
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsSound => FindingCount == 0;

    /// <summary>What is wrong, the first of it.</summary>
    public required IReadOnlyList<VerifyFinding> Findings { get; init; }

    /// <summary>How much is wrong, with what is not listed.</summary>
    public required long FindingCount { get; init; }

    /// <summary>Segments read.</summary>
    public required int Segments { get; init; }

    /// <summary>Records read: events and gaps.</summary>
    public required long Records { get; init; }

    /// <summary>Records of which only the hash is left, or is shown.</summary>
    public required long Reduced { get; init; }

    /// <summary>Events that gap records say are lost; -1: nobody knows how many.</summary>
    public required long Lost { get; init; }

    /// <summary>Records that no checkpoint covers yet: cutting them off would not be found.</summary>
    public required long Uncovered { get; init; }

    /// <summary>Records of the ledger.</summary>
    public required long LedgerRecords { get; init; }

    /// <summary>Checkpoints among them.</summary>
    public required long Checkpoints { get; init; }

    /// <summary>Checkpoints among those whose signature is right. 0: none was looked at, or the ledger is unsigned.</summary>
    public required long SignedCheckpoints { get; init; }

    /// <summary>Records of the ledger from before it was signed. The first signature covers them.</summary>
    public required long Unsigned { get; init; }

    /// <summary>Hash of the ledger's last record: keep it elsewhere, and a ledger that was cut off is found.</summary>
    public required string LedgerHead { get; init; }

    /// <summary>Bytes read.</summary>
    public required long Bytes { get; init; }

    /// <summary>Time it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Bytes per microsecond, that is MB/s.</summary>
    public double MegabytesPerSecond => Elapsed > TimeSpan.Zero ? Bytes / Elapsed.TotalMicroseconds : 0;
}

/// <summary>How far verifying is.</summary>
/// <param name="Bytes">Read.</param>
/// <param name="TotalBytes">Of all files, as listed at the beginning.</param>
/// <param name="File">Being read.</param>
public readonly record struct VerifyProgress(long Bytes, long TotalBytes, string File);
