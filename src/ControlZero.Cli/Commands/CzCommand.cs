using System.CommandLine;
using ControlZero.Cli.Agents;
using ControlZero.Cli.Audit;
using ControlZero.Cli.Cluster;
using ControlZero.Cli.Enforcement;
using ControlZero.Cli.Keys;
using ControlZero.Cli.Models;
using ControlZero.Cli.Output;
using ControlZero.Cli.Policies;
using ControlZero.Cli.Prices;
using ControlZero.Cli.Tenants;

namespace ControlZero.Cli.Commands;

/// <summary>The command line as a whole.</summary>
internal static class CzCommand
{
    private const string Summary = "The command line of Control Zero Cluster. Data goes to stdout, words to stderr.";

    /// <summary>Runs one command line and returns its exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliHost host)
    {
        var globals = new GlobalOptions();
        var parse = Create(host, globals).Parse(args);
        if (parse.Errors.Count > 0)
        {
            return WrongUsage(parse, host, globals);
        }

        var configuration = new InvocationConfiguration { Output = host.Out, Error = host.Error, EnableDefaultExceptionHandler = false };
        return await parse.InvokeAsync(configuration);
    }

    private static RootCommand Create(CliHost host, GlobalOptions globals)
    {
        var runner = new CommandRunner(host, globals);
        var root = new RootCommand($"{Summary}\n\n{ExitCodes.Help}")
        {
            PolicyCommands.Create(runner),
            EnforceCommand.Create(runner),
            SettleCommand.Create(runner),
            SettleCommand.CreateCancel(runner),
            ExplainCommand.Create(runner),
            KeyCommands.Create(runner),
            AgentCommands.Create(runner),
            ModelCommands.Create(runner),
            TenantCommands.Create(runner),
            UsageCommand.Create(runner),
            AccessCommand.Create(runner),
            AuditCommands.Create(runner),
            PriceCommands.Create(runner),
            StatusCommand.Create(runner),
            DoctorCommand.Create(runner),
            LimitsCommand.Create(runner),
        };
        foreach (var option in globals.All)
        {
            root.Add(option);
        }

        return root;
    }

    private static int WrongUsage(ParseResult parse, CliHost host, GlobalOptions globals)
    {
        var report = new Report(host, parse.GetResult(globals.Output)?.Tokens is [{ Value: "json" }]);
        var path = new List<string>();
        for (var result = parse.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            path.Insert(0, result.Command is RootCommand ? "cz" : result.Command.Name);
        }

        var faults = string.Join("\n  ", parse.Errors.Select(error => error.Message));
        return ErrorReport.Write(report, CommandFailure.Usage($"{faults}\n  see `{string.Join(' ', path)} --help`"));
    }
}
