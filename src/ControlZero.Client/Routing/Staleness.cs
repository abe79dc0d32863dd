namespace ControlZero.Client.Routing;

/// <summary>What a server says beside a deny because it could not confirm what is in force: another address may know.</summary>
/// <param name="RetryAfter">When the server expects to know again. Zero: it does not say.</param>
/// <param name="Owner">The address that owns the agent, if the server named one that is known.</param>
internal sealed record Staleness(TimeSpan RetryAfter, Endpoint? Owner = null);
