using System.Collections.Immutable;

namespace ControlZero.Abstractions.Tenants;

/// <summary>Who follows a change that was made.</summary>
[GenerateSerializer, Immutable, Alias("cz.Acknowledgement")]
public sealed record Acknowledgement
{
    /// <summary>Names of the silos that follow it already, in order.</summary>
    [Id(0)]
    public required ImmutableArray<string> Silos { get; init; }

    /// <summary>Names of the active silos that did not answer in time, in order.</summary>
    [Id(1)]
    public required ImmutableArray<string> Pending { get; init; }

    /// <summary>From this moment no silo allows anything by what was before, also one that nobody could tell.</summary>
    [Id(2)]
    public required DateTimeOffset EnforcedBy { get; init; }
}
