using System.Collections.Immutable;
using ControlZero.Engine.Context;
using ControlZero.Engine.Policies;

namespace ControlZero.Cli.Cases;

/// <summary>One case: documents, a request, and what is expected of them.</summary>
internal sealed record PolicyCase
{
    public required string File { get; init; }

    public required string Name { get; init; }

    /// <summary>The documents, in the order that breaks ties of priority.</summary>
    public required IReadOnlyList<CaseDocument> Documents { get; init; }

    public required string Agent { get; init; }

    public required string Action { get; init; }

    public string? Resource { get; init; }

    public ContextValue? Context { get; init; }

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The moment of the request. Null: now.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>What no policy at all means.</summary>
    public Effect DefaultOnEmpty { get; init; } = Effect.Deny;

    /// <summary>Each expectation by its field; only these are compared.</summary>
    public required IReadOnlyDictionary<string, string> Expect { get; init; }
}

/// <summary>One document of a case.</summary>
/// <param name="Origin">Where it stands, for messages.</param>
/// <param name="Text">The document, JSON or YAML.</param>
internal sealed record CaseDocument(string Origin, string Text);

/// <summary>How a case went. Its JSON form is its properties.</summary>
/// <param name="File">The file of the case.</param>
/// <param name="Name">The case. Empty: the file itself is broken.</param>
/// <param name="Error">Why there is nothing to compare. Null: there is.</param>
/// <param name="Differences">What is not as expected.</param>
internal sealed record CaseResult(string File, string Name, string? Error, IReadOnlyList<CaseDifference> Differences)
{
    public bool Passed => Error is null && Differences.Count == 0;
}

/// <summary>One expectation that did not hold.</summary>
internal sealed record CaseDifference(string Field, string Wanted, string Got);
