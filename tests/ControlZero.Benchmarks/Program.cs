using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ControlZero.Benchmarks.Agents;
using ControlZero.Benchmarks.Audit;
using ControlZero.Benchmarks.Engine;

if (args is ["audit", ..])
{
    return await AuditLogBenchmark.RunAsync(TimeSpan.FromSeconds(args is [_, var seconds] ? double.Parse(seconds, CultureInfo.InvariantCulture) : 3));
}

if (args is ["agents", ..])
{
    return await RestingAgents.RunAsync(args is [_, var count] ? int.Parse(count, CultureInfo.InvariantCulture) : 50_000);
}

// In this process: the benchmarks reach into the server's internals, which a generated project could not see.
var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
var config = DefaultConfig.Instance.AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).WithOptions(ConfigOptions.JoinSummary);
BenchmarkSwitcher.FromAssembly(typeof(EvaluationBenchmarks).Assembly).Run(args.Length == 0 ? ["--filter", "*"] : args, config);
return 0;
