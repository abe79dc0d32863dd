using System.Diagnostics.Metrics;

namespace ControlZero.Server.Tests.Telemetry;

/// <summary>A meter factory of one test's own, and what was measured with it.</summary>
internal sealed class Measured : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly List<(string Name, string Tags, double Value)> _all = [];

    public Measured(bool listen = true)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (listen && ReferenceEquals(instrument.Meter.Scope, Meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public IMeterFactory Meters { get; } = new OwnMeters();

    /// <summary>What was measured so far with that instrument, as `tags=value`; observed now where it is observed.</summary>
    public string[] Of(string instrument)
    {
        lock (_gate)
        {
            _all.RemoveAll(entry => entry.Name == instrument && entry.Tags.StartsWith("observed ", StringComparison.Ordinal));
        }

        _listener.RecordObservableInstruments();
        lock (_gate)
        {
            return [.. _all.Where(entry => entry.Name == instrument).Select(entry => $"{entry.Tags.Replace("observed ", "", StringComparison.Ordinal)}={entry.Value}").Order(StringComparer.Ordinal)];
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Meters.Dispose();
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = string.Join(',', tags.ToArray().Select(tag => $"{tag.Value}"));
        lock (_gate)
        {
            _all.Add((instrument.Name, instrument.IsObservable ? $"observed {text}" : text, value));
        }
    }
}
