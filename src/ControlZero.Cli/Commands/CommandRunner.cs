using System.CommandLine;
using ControlZero.Cli.Output;

namespace ControlZero.Cli.Commands;

/// <summary>Runs the body of a command: hands it what it needs and turns its errors into words and exit codes.</summary>
internal sealed class CommandRunner(CliHost host, GlobalOptions globals)
{
    /// <summary>Makes the body what the command does.</summary>
    public void Bind(Command command, Func<Invocation, CancellationToken, Task<int>> body) =>
        command.SetAction((parse, cancellationToken) => RunAsync(parse, body, cancellationToken));

    private async Task<int> RunAsync(ParseResult parse, Func<Invocation, CancellationToken, Task<int>> body, CancellationToken cancellationToken)
    {
        var report = new Report(host, parse.GetValue(globals.Output) == "json");
        using var invocation = new Invocation(host, globals, parse, report);
        try
        {
            return await body(invocation, cancellationToken);
        }
        catch (Exception error) when (ErrorReport.Knows(error))
        {
            return ErrorReport.Write(report, error);
        }
    }
}
