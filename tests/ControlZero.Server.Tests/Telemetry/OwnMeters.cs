using System.Diagnostics.Metrics;

namespace ControlZero.Server.Tests.Telemetry;

/// <summary>
/// Meters under a name of a test's own. Under the real one the servers that other tests run would listen: OpenTelemetry goes by name, for the
/// whole process.
/// </summary>
internal sealed class OwnMeters : IMeterFactory
{
    private Meter? _meter;

    public Meter Create(MeterOptions options) =>
        _meter ??= new Meter(new MeterOptions($"test.{options.Name}.{Guid.NewGuid():N}") { Scope = this });

    public void Dispose() => _meter?.Dispose();
}
