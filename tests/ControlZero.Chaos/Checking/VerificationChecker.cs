using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>Passes on what <c>cz audit verify</c> found in the servers' files when all had stopped.</summary>
/// <param name="findings">What it found.</param>
internal sealed class VerificationChecker(IReadOnlyList<string> findings) : IChecker
{
    public string Name => "verify";

    public string Promise => "`cz audit verify` finds nothing in the log's files, whoever wrote them: every hash, every sequence, the ledger";

    public IEnumerable<Violation> Check(History history) => findings.Select(finding => new Violation(Name, 0, finding));
}
