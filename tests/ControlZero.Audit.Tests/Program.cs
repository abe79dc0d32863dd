using ControlZero.Audit.Tests.Lines;
using ControlZero.Audit.Tests.Log;

// Started by tests that need a process of their own; the test runner loads this assembly and never calls it.
return args switch
{
    ["write-until-killed", var root] => await WriterProcess.RunAsync(root),
    ["accept-and-hold", var root] => await WriterProcess.HoldAsync(root),
    ["hash"] => HashProcess.Run(),
    _ => 2,
};
