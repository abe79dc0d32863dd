using System.Collections.Immutable;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Policies;

/// <summary>A document that was read, and everything that was found in it.</summary>
public sealed record PolicyParseResult
{
    /// <summary>The policy, or null when any finding is an error.</summary>
    public PolicyDocument? Document { get; init; }

    /// <summary>Every finding, sorted by position. At most 500, and one that counts the rest.</summary>
    public ImmutableArray<Diagnostic> Diagnostics { get; init; } = [];

    /// <summary>How many values the document has: objects, lists and scalars. 0: it could not be read to its end.</summary>
    public int Values { get; init; }

    /// <summary>True when no finding is an error.</summary>
    public bool IsValid => Document is not null;
}
