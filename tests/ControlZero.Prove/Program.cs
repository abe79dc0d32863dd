using System.CommandLine;
using ControlZero.Prove;

return await ProveCommand.Build().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
