using ControlZero.Audit.Tests.Log;

// Started by KillTests only; the test runner loads this assembly and never calls it.
return args is ["write-until-killed", var root] ? await WriterProcess.RunAsync(root) : 2;
