using ControlZero.Protocol.V1;
using Google.Rpc;

namespace ControlZero.Server.Enforcement;

/// <summary>What one request among several came to: exactly one of the two is there.</summary>
/// <param name="Response">The decision, or null: there is none.</param>
/// <param name="Error">Why there is none: what Enforce would have failed with. Null: there is a decision.</param>
internal readonly record struct EnforceOutcome(EnforceResponse? Response, Status? Error);
