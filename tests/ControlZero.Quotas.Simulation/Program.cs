using ControlZero.Quotas.Simulation;

return SimulateCommand.Build().Parse(args).Invoke();
