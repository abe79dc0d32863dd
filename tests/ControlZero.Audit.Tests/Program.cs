using ControlZero.Audit.Tests.Log;

// Started by KillTests only; the test runner loads this assembly and never calls it.
return args switch
{
    ["write-until-killed", var root] => await WriterProcess.RunAsync(root),
    ["accept-and-hold", var root] => await WriterProcess.HoldAsync(root),
    _ => 2,
};
