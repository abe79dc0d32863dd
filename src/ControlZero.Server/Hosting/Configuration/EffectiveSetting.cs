namespace ControlZero.Server.Hosting.Configuration;

/// <summary>A setting as it applies.</summary>
/// <param name="Path">Section and key: <c>Listen:Grpc</c>.</param>
/// <param name="Value">What applies; a secret is only said to be set.</param>
/// <param name="Origin">Where it was written, or <c>default</c>.</param>
internal sealed record EffectiveSetting(string Path, string Value, string Origin);
