using ControlZero.Grains.Feed;
using System.Diagnostics.Metrics;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Hosting;
using ControlZero.Grains.Keys;

namespace ControlZero.Server.Telemetry;

/// <summary>What a silo has in memory, how old it is, and whether it wants work. Read when somebody collects, at no other time.</summary>
internal sealed class SiloInstruments
{
    private static readonly KeyValuePair<string, object?> Known = new("key", "known");
    private static readonly KeyValuePair<string, object?> Unknown = new("key", "unknown");

    public SiloInstruments(
        IMeterFactory meters,
        PolicyCatalog policies,
        KeyCatalog keys,
        Health.SiloReadiness readiness,
        [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
        SiloFreshness freshness)
    {
        var meter = meters.Create(TelemetryNames.Source);
        meter.CreateObservableGauge("controlzero.catalog.tenants", () => policies.Figures.Tenants, "{tenant}", "Tenants this silo was asked about.");
        meter.CreateObservableGauge("controlzero.catalog.snapshots", () => policies.Figures.Snapshots, "{snapshot}", "Tenants whose compiled policies are in memory.");
        meter.CreateObservableGauge(
            "controlzero.catalog.change.age",
            () => policies.Figures.LastPublishedAt is { } last ? [new Measurement<double>(Math.Max(0, (clock.GetUtcNow() - last).TotalSeconds))] : Array.Empty<Measurement<double>>(),
            "s",
            "Time since the newest policy that is in force on this silo was published.");
        meter.CreateObservableGauge(
            "controlzero.keys.cached",
            () => new[] { new Measurement<int>(keys.Figures.Known, Known), new Measurement<int>(keys.Figures.Unknown, Unknown) },
            "{key}",
            "Keys this silo remembers, and ids it remembers as no keys.");
        meter.CreateObservableCounter("controlzero.keys.loads", () => keys.Figures.Loads, "{load}", "Keys that had to be looked up in the cluster's state.");
        meter.CreateObservableGauge("controlzero.silo.ready", () => readiness.Reasons().Count == 0 ? 1 : 0, "{silo}", "1: the silo wants work. 0: it does not.");
        meter.CreateObservableGauge(
            "controlzero.freshness.age",
            () => freshness.Age is var age && age != TimeSpan.MaxValue ? [new Measurement<double>(age.TotalSeconds)] : Array.Empty<Measurement<double>>(),
            "s",
            "Time since this silo is known to have seen every change of the cluster.");
    }
}
