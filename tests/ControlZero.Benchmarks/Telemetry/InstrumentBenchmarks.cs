using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Server.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace ControlZero.Benchmarks.Telemetry;

/// <summary>What telemetry adds to one call of Enforce: with nobody listening, and with OpenTelemetry collecting as in a server.</summary>
public class InstrumentBenchmarks
{
    private readonly Decision _decision = new() { Effect = Effect.Allow, ReasonCode = "RULE_MATCH", Reason = "", RuleId = "rule-0" };
    private ServiceProvider _services = null!;
    private EnforceInstruments _instruments = null!;
    private CallTraces _traces = null!;

    [Params(false, true)]
    public bool Collected { get; set; }

    [GlobalSetup]
    public void Start()
    {
        var services = new ServiceCollection().AddMetrics().AddSingleton<CallTraces>();
        if (Collected)
        {
            services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(TelemetryNames.Source).AddPrometheusExporter());
        }

        _services = services.BuildServiceProvider();
        _services.GetService<MeterProvider>();
        _instruments = new EnforceInstruments(_services.GetRequiredService<IMeterFactory>(), TimeProvider.System);
        _traces = _services.GetRequiredService<CallTraces>();
    }

    [GlobalCleanup]
    public void Stop() => _services.Dispose();

    [Benchmark(Description = "one call: count, time, hop, no trace")]
    public void OneCall()
    {
        var begun = _instruments.Begin();
        _instruments.OnDecided(_decision);
        _instruments.OnHop(remote: false);
        _traces.OnDecided("llm.generate", "model/m", _decision);
        _instruments.OnAnswered("allow", "RULE_MATCH", begun);
    }

    [Benchmark(Description = "one request of a batch: count, hop")]
    public void OneOfMany()
    {
        _instruments.OnDecided(_decision);
        _instruments.OnHop(remote: false);
    }
}
