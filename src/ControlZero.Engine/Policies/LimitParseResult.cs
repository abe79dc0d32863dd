using System.Collections.Immutable;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Policies;

/// <summary>Limits that were read outside of a policy, and everything that was found in their document.</summary>
/// <param name="Limits">The limits; their policy is empty. None when any finding is an error.</param>
/// <param name="Diagnostics">Every finding, sorted by position.</param>
/// <param name="IsValid">True when no finding is an error.</param>
public sealed record LimitParseResult(ImmutableArray<QuotaLimit> Limits, ImmutableArray<Diagnostic> Diagnostics, bool IsValid);
