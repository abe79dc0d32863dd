namespace ControlZero.Server.Telemetry;

/// <summary>
/// How far behind the cluster's changes this silo may be. Registered by whoever follows them; without one there is no freshness to show and
/// none that readiness could ask for.
/// </summary>
/// <param name="Age">Time since this silo is known to have seen every change. Must be cheap and never wait.</param>
/// <param name="Bound">The age past which the silo allows nothing.</param>
internal sealed record FreshnessSource(Func<TimeSpan> Age, TimeSpan Bound);
