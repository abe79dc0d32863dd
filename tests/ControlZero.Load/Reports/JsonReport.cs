using System.Text.Json;
using ControlZero.Load.Measuring;

namespace ControlZero.Load.Reports;

/// <summary>The report for programs. Units are in the names.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Style = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes it.</summary>
    public static string Write(LoadReport report) => JsonSerializer.Serialize(
        new
        {
            report.Machine,
            report.Run.Rounds,
            SecondsPerSample = report.Run.Duration.TotalSeconds,
            report.RequestBytes,
            report.ResponseBytes,
            RegistrationSeconds = report.Registration.TotalSeconds,
            report.ServerMemoryMiB,
            Scenarios = report.Comparisons.Select(row => new
            {
                row.Scenario.Name,
                row.Scenario.Agents,
                RatioOf = row.Scenario.Kind == ScenarioKind.Throughput ? "rate" : "p50",
                Ratio = row.Headline,
                Server = Medians(row.Ours),
                Echo = Medians(row.Echo),
            }),
        },
        Style);

    private static object Medians(Func<Func<Sample, double>, double> of) => new
    {
        DecisionsPerSecond = of(sample => sample.Rate),
        CpuMicrosecondsPerDecision = of(sample => sample.CpuMicroseconds),
        P50Microseconds = of(sample => sample.P50),
        P99Microseconds = of(sample => sample.P99),
        P999Microseconds = of(sample => sample.P999),
    };
}
