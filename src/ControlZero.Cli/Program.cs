using ControlZero.Cli;
using ControlZero.Cli.Commands;

return await CzCommand.RunAsync(args, CliHost.OfProcess());
