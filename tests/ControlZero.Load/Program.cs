using ControlZero.Load;

return await LoadCommand.Build().Parse(args).InvokeAsync();
