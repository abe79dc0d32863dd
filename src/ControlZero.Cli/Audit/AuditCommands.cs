using System.CommandLine;
using ControlZero.Cli.Commands;

namespace ControlZero.Cli.Audit;

/// <summary><c>cz audit query</c>, <c>show</c>, <c>tail</c>, <c>export</c>, <c>extract</c> and <c>verify</c>.</summary>
internal static class AuditCommands
{
    public static Command Create(CommandRunner runner) => new("audit", "Reads, exports and verifies the audit log.")
    {
        QueryCommand.Create(runner), DecisionCommand.Create(runner), TailCommand.Create(runner), ExportCommand.Create(runner), ExtractCommand.Create(runner), VerifyCommand.Create(runner),
    };
}
