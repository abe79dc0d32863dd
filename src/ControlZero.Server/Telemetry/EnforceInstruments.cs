using System.Diagnostics.Metrics;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Hosting;

namespace ControlZero.Server.Telemetry;

/// <summary>
/// What decisions are measured by. On the hot path: where nobody listens a call costs a branch each; where somebody does, an addition to a
/// counter of this processor and one record of a duration, and no allocation.
/// </summary>
internal sealed class EnforceInstruments
{
    // Seconds. A decision takes microseconds when warm, milliseconds when an agent is loaded, seconds when storage is in trouble.
    private static readonly double[] DurationBounds =
        [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

    private static readonly int[] SizeBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256];
    private static readonly KeyValuePair<string, object?>[] Batch = [new(TelemetryNames.Form, "batch")];
    private static readonly KeyValuePair<string, object?>[] Stream = [new(TelemetryNames.Form, "stream")];
    private static readonly KeyValuePair<string, object?>[][] Hops = [[new("hop", "local")], [new("hop", "remote")]];

    // By what the policies in force decided, then by what they would with those in shadow.
    private static readonly KeyValuePair<string, object?>[][] Shadows =
    [
        [new("in_force", "allow"), new("in_shadow", "allow")], [new("in_force", "allow"), new("in_shadow", "deny")],
        [new("in_force", "deny"), new("in_shadow", "allow")], [new("in_force", "deny"), new("in_shadow", "deny")],
    ];

    private readonly TimeProvider _clock;
    private readonly double _secondsPerTick;
    private readonly StripedCounts _decided = new(DecisionSeries.Count);
    private readonly StripedCounts _hopped = new(Hops.Length);
    private readonly StripedCounts _shadowed = new(Shadows.Length);
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _held;
    private readonly Histogram<int> _size;
    private readonly Instrument _decisions;
    private readonly Instrument _hops;
    private readonly Instrument _shadows;

    public EnforceInstruments(IMeterFactory meters, [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
    {
        _clock = clock;
        _secondsPerTick = 1.0 / clock.TimestampFrequency;
        var meter = meters.Create(TelemetryNames.Source);
        _duration = meter.CreateHistogram(
            "controlzero.enforce.duration",
            "s",
            "Time of one Enforce call in the server, from its checked key to its answer; with the wait for its audit event where the call waits for it.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        _held = meter.CreateHistogram(
            "controlzero.enforce.held.duration",
            "s",
            "Time a connection held answers back until their audit events were durable, all that it had together.",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        _size = meter.CreateHistogram(
            "controlzero.enforce.group.size",
            "{request}",
            "Requests that came together: in one batch, or from a stream for an agent that its grain had to be asked about.",
            tags: null,
            new InstrumentAdvice<int> { HistogramBucketBoundaries = SizeBounds });
        _decisions = meter.CreateObservableCounter(
            "controlzero.enforce.decisions",
            () => Measure(_decided, DecisionSeries.TagsOf),
            "{decision}",
            "Decisions answered by Enforce, EnforceBatch and EnforceStream, dry runs included.");
        _hops = meter.CreateObservableCounter(
            "controlzero.enforce.hops",
            () => Measure(_hopped, place => Hops[place]),
            "{decision}",
            "Decisions by where the agent lives: in the silo that was asked, or in another.");
        _shadows = meter.CreateObservableCounter(
            "controlzero.enforce.shadow.decisions",
            () => Measure(_shadowed, place => Shadows[place]),
            "{decision}",
            "Decisions about agents that a policy in shadow applies to, by what the policies in force decided and what would be decided were it in force too.");
    }

    /// <summary>Begins to measure a call. Give it to <see cref="OnAnswered"/>.</summary>
    public long Begin() => _duration.Enabled ? _clock.GetTimestamp() : 0;

    /// <summary>A request was decided, alone or as one of several.</summary>
    public void OnDecided(Decision decision)
    {
        if (_decisions.Enabled)
        {
            _decided.Add(DecisionSeries.Of(decision.Effect, decision.ReasonCode));
        }

        if (decision.Shadow is { } shadow && _shadows.Enabled)
        {
            _shadowed.Add((decision.PoliciesPermit ? 0 : 2) + (shadow.Allowed ? 0 : 1));
        }
    }

    /// <summary>The answer to a call of Enforce leaves.</summary>
    /// <param name="effect">Its effect, as answers spell it.</param>
    /// <param name="reasonCode">Its reason code.</param>
    /// <param name="begun">What <see cref="Begin"/> returned.</param>
    public void OnAnswered(string effect, string reasonCode, long begun)
    {
        if (begun != 0)
        {
            _duration.Record((_clock.GetTimestamp() - begun) * _secondsPerTick, DecisionSeries.TagsOf(DecisionSeries.Of(effect, reasonCode)));
        }
    }

    /// <summary>A connection lets answers go that it held back.</summary>
    /// <param name="begun">When it began to: what <see cref="Begin"/> returned.</param>
    public void OnHeld(long begun)
    {
        if (begun != 0)
        {
            _held.Record((_clock.GetTimestamp() - begun) * _secondsPerTick);
        }
    }

    /// <summary>A batch came.</summary>
    /// <param name="requests">How many requests it holds.</param>
    public void OnBatch(int requests) => _size.Record(requests, Batch);

    /// <summary>Requests of a stream are asked of one grain together.</summary>
    /// <param name="requests">How many.</param>
    public void OnStreamGroup(int requests) => _size.Record(requests, Stream);

    /// <summary>A decision was made here, or by another silo.</summary>
    /// <param name="remote">True: by another.</param>
    public void OnHop(bool remote)
    {
        if (_hops.Enabled)
        {
            _hopped.Add(remote ? 1 : 0);
        }
    }

    private static IEnumerable<Measurement<long>> Measure(StripedCounts counts, Func<int, KeyValuePair<string, object?>[]> tagsOf)
    {
        for (var place = 0; place < counts.Count; place++)
        {
            if (counts.Read(place) is var count and > 0)
            {
                yield return new Measurement<long>(count, tagsOf(place));
            }
        }
    }
}
