using System.Collections.Immutable;
using ControlZero.Audit.Format.Verification;
using ControlZero.Protocol.V1;

namespace ControlZero.Server.Audit.Reading;

/// <summary>What one silo found of the log it can read.</summary>
[GenerateSerializer, Immutable, Alias("cz.SiloVerification")]
internal sealed record SiloVerification
{
    /// <summary>See <see cref="VerifyReport.Segments"/>.</summary>
    [Id(0)]
    public required long Segments { get; init; }

    /// <summary>See <see cref="VerifyReport.Records"/>.</summary>
    [Id(1)]
    public required long Records { get; init; }

    /// <summary>See <see cref="VerifyReport.Bytes"/>.</summary>
    [Id(2)]
    public required long Bytes { get; init; }

    /// <summary>See <see cref="VerifyReport.Lost"/>.</summary>
    [Id(3)]
    public required long Lost { get; init; }

    /// <summary>See <see cref="VerifyReport.Checkpoints"/>.</summary>
    [Id(4)]
    public required long Checkpoints { get; init; }

    /// <summary>See <see cref="VerifyReport.SignedCheckpoints"/>.</summary>
    [Id(5)]
    public required long SignedCheckpoints { get; init; }

    /// <summary>See <see cref="VerifyReport.Reduced"/>.</summary>
    [Id(6)]
    public required long Reduced { get; init; }

    /// <summary>See <see cref="VerifyReport.Uncovered"/>.</summary>
    [Id(7)]
    public required long Uncovered { get; init; }

    /// <summary>See <see cref="VerifyReport.Unsigned"/>.</summary>
    [Id(8)]
    public required long Unsigned { get; init; }

    /// <summary>See <see cref="VerifyReport.LedgerHead"/>.</summary>
    [Id(9)]
    public required string Head { get; init; }

    /// <summary>See <see cref="VerifyReport.Findings"/>.</summary>
    [Id(10)]
    public required ImmutableArray<SiloFinding> Findings { get; init; }

    /// <summary>See <see cref="VerifyReport.FindingCount"/>.</summary>
    [Id(11)]
    public required long FindingCount { get; init; }

    /// <summary>What a verification found.</summary>
    public static SiloVerification Of(VerifyReport report) => new()
    {
        Segments = report.Segments,
        Records = report.Records,
        Bytes = report.Bytes,
        Lost = report.Lost,
        Checkpoints = report.Checkpoints,
        SignedCheckpoints = report.SignedCheckpoints,
        Reduced = report.Reduced,
        Uncovered = report.Uncovered,
        Unsigned = report.Unsigned,
        Head = report.LedgerHead,
        Findings = [.. report.Findings.Select(finding => new SiloFinding(finding.Code, finding.File, finding.Line, finding.Sequence, finding.What))],
        FindingCount = report.FindingCount,
    };

    /// <summary>What all of them found.</summary>
    /// <param name="answers">Of each silo, or of the one that can read everything.</param>
    /// <param name="mostFindings">At most so many are listed.</param>
    public static VerifyLogResponse Sum(Answers<SiloVerification> answers, int mostFindings)
    {
        var all = answers.All;
        return new VerifyLogResponse
        {
            Ok = all.All(each => each.FindingCount == 0),
            Segments = all.Sum(each => each.Segments),
            Records = all.Sum(each => each.Records),
            Bytes = all.Sum(each => each.Bytes),
            Lost = all.Any(each => each.Lost < 0) ? -1 : all.Sum(each => each.Lost),
            Checkpoints = all.Sum(each => each.Checkpoints),
            SignedCheckpoints = all.Sum(each => each.SignedCheckpoints),
            Reduced = all.Sum(each => each.Reduced),
            Uncovered = all.Sum(each => each.Uncovered),
            UnsignedRecords = all.Sum(each => each.Unsigned),
            LedgerHeads = { all.Select(each => each.Head).Order(StringComparer.Ordinal) },
            Findings =
            {
                all.SelectMany(each => each.Findings).Take(mostFindings).Select(finding => new LogFinding
                {
                    Code = finding.Code,
                    Path = finding.Path,
                    Line = finding.Line,
                    Sequence = finding.Sequence,
                    Message = finding.What,
                }),
            },
            FindingCount = all.Sum(each => each.FindingCount),
            UnreachableSilos = { answers.Unreachable },
        };
    }
}

/// <summary>One thing that is wrong.</summary>
[GenerateSerializer, Immutable, Alias("cz.SiloFinding")]
internal readonly record struct SiloFinding(
    [property: Id(0)] string Code,
    [property: Id(1)] string Path,
    [property: Id(2)] long Line,
    [property: Id(3)] long Sequence,
    [property: Id(4)] string What);
