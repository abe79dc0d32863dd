using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Format.Verification;

/// <summary>What is to be verified, and against what.</summary>
public sealed record VerifyOptions
{
    /// <summary>Who may have signed the ledger. With any, each of its records must be signed by one of them. Default: none; then signatures are not looked at.</summary>
    public IReadOnlyList<LedgerPublicKey> Keys { get; init; } = [];

    /// <summary>A head of the ledger that was kept elsewhere; the ledger must contain it. Finds a ledger whose end was cut off. Default: none.</summary>
    public ChainHash? KnownHead { get; init; }

    /// <summary>
    /// The log is this tenant's export: other tenants' records are reduced, segments may be left out, no event may be another tenant's. Default: null, a whole log.
    /// </summary>
    public string? ExportOf { get; init; }

    /// <summary>Findings that are listed; past that they are counted. Default: 1,000.</summary>
    public int MostFindings { get; init; } = 1000;
}
