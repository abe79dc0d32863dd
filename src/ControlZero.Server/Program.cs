using System.CommandLine;
using ControlZero.Server.Hosting;

// The host bounds its own stop. The parser's bound of 2 s would end the process while the silo still stores.
return await ServerCommand.Build().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
