using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Policies.Diff;

namespace ControlZero.Cli.Policies;

/// <summary><c>cz policy …</c>.</summary>
internal static class PolicyCommands
{
    public static Command Create(CommandRunner runner) => new("policy", "Checks, publishes and shows policies.")
    {
        ValidateCommand.Create(runner),
        TestCommand.Create(runner),
        PublishCommand.Create(runner),
        ListCommand.Create(runner),
        ShowCommand.Create(runner),
        ReplayCommand.Create(runner),
        DiffCommand.Create(runner),
        HistoryCommands.CreateVersions(runner),
        HistoryCommands.CreateRollback(runner),
        HistoryCommands.CreateDelete(runner),
    };
}
