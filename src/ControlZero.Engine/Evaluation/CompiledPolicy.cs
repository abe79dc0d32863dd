using ControlZero.Engine.Matching;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation;

/// <summary>One version of a policy, ready to be evaluated. Immutable, and shared by every set it belongs to.</summary>
public sealed class CompiledPolicy
{
    private readonly PatternSet? _agents;

    private CompiledPolicy(PolicyDocument document, long version)
    {
        Document = document;
        Version = version;
        _agents = document.Agents.IsEmpty ? null : PatternSet.OfTexts(document.Agents.AsSpan());
        Rules = [.. document.Rules.Select(rule => new CompiledRule(rule, document.Name, version))];
    }

    /// <summary>Name of the policy.</summary>
    public string Name => Document.Name;

    /// <summary>Which version of it this is.</summary>
    public long Version { get; }

    /// <summary>The document it was compiled from.</summary>
    public PolicyDocument Document { get; }

    /// <summary>True when the policy applies to every agent.</summary>
    internal bool AppliesToAll => _agents is null;

    /// <summary>Its rules, in the order they are tried.</summary>
    internal CompiledRule[] Rules { get; }

    /// <summary>Compiles a document that <see cref="PolicyParser"/> found no error in.</summary>
    /// <param name="document">The document.</param>
    /// <param name="version">Which version of the policy it is; reported with every decision.</param>
    /// <exception cref="ArgumentException">The document was never checked: a pattern or condition in it cannot be.</exception>
    public static CompiledPolicy Compile(PolicyDocument document, long version)
    {
        ArgumentNullException.ThrowIfNull(document);

        return new CompiledPolicy(document, version);
    }

    /// <summary>True when the policy applies to the agent.</summary>
    internal bool AppliesTo(string agentId)
    {
        // Without a bound: a policy that is left out could be the one that denies. The answer is kept by whoever asks, not asked a request.
        var steps = long.MaxValue;
        return _agents is null || _agents.Matches(agentId, ref steps);
    }
}
