using System.Diagnostics.Metrics;
using Grpc.Core;

namespace ControlZero.Server.Telemetry;

/// <summary>
/// How calls ended. Decisions are counted by <see cref="EnforceInstruments"/>; here is what came to none, and everything that administers.
/// </summary>
internal sealed class CallInstruments(IMeterFactory meters)
{
    private const string Ours = "/controlzero.v1.";
    private const string Enforcement = "/controlzero.v1.EnforcementService/";

    private readonly Counter<long> _failures = meters.Create(TelemetryNames.Source).CreateCounter<long>(
        "controlzero.enforce.failures",
        "{call}",
        "Calls of the enforcement service that ended without a decision, by status.");

    private readonly Counter<long> _admin = meters.Create(TelemetryNames.Source).CreateCounter<long>(
        "controlzero.admin.calls",
        "{call}",
        "Calls of all other services, by method and status.");

    /// <summary>A call ended. Methods are those of the protos, never what a caller made up.</summary>
    /// <param name="method">Its full name, <c>/package.Service/Method</c>.</param>
    /// <param name="status">How it ended.</param>
    public void OnEnded(string method, StatusCode status)
    {
        if (method.StartsWith(Enforcement, StringComparison.Ordinal))
        {
            if (status != StatusCode.OK)
            {
                Count(_failures, method, status);
            }
        }
        else if (method.StartsWith(Ours, StringComparison.Ordinal))
        {
            Count(_admin, method, status);
        }
    }

    private static void Count(Counter<long> counter, string method, StatusCode status)
    {
        if (counter.Enabled)
        {
            counter.Add(1, new(TelemetryNames.Method, method[Ours.Length..]), new(TelemetryNames.Status, (int)status));
        }
    }
}
