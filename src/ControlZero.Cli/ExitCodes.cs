namespace ControlZero.Cli;

/// <summary>What the exit codes of every command mean. Scripts rely on them.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Denied = 3;
    public const int Findings = 4;
    public const int NotPermitted = 5;
    public const int VersionConflict = 6;

    /// <summary>The codes as the help shows them.</summary>
    public const string Help = """
        Exit codes:
          0  done; allowed
          1  failed: no decision, no connection, not found
          2  wrong usage: an argument or a request that is not valid
          3  denied (`enforce`)
          4  findings: a document was refused or differs, a case failed, or `doctor --strict` found something serious
          5  not authenticated, or not permitted
          6  version conflict: somebody else changed it first
        """;
}
