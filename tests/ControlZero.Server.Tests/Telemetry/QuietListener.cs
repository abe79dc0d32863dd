using System.Diagnostics.Metrics;

namespace ControlZero.Server.Tests.Telemetry;

/// <summary>Listens to every instrument of a factory and keeps but the number of measurements, so that what is allocated is not its own.</summary>
internal sealed class QuietListener : IDisposable
{
    private readonly MeterListener _listener = new();

    public QuietListener()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, Meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, _, _, _) => Count++);
        _listener.Start();
    }

    public IMeterFactory Meters { get; } = new OwnMeters();

    public long Count { get; private set; }

    public void Dispose()
    {
        _listener.Dispose();
        Meters.Dispose();
    }
}
