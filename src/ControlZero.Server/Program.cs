using ControlZero.Server.Hosting;

return await ServerCommand.Build().Parse(args).InvokeAsync();
