using System.Globalization;

namespace ControlZero.Integration.Tests.Audit;

/// <summary>How long something is gone in a test: until it was noticed and some calls were made, and at least as long as <c>tests/audit outage</c> says.</summary>
internal static class OutageLength
{
    public static TimeSpan AtLeast { get; } =
        TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("CONTROLZERO_AUDIT_OUTAGE_SECONDS") ?? "0", CultureInfo.InvariantCulture));
}
