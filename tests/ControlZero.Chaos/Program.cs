using ControlZero.Chaos;

return await ChaosCommand.Build().Parse(args).InvokeAsync();
