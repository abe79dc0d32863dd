using System.Diagnostics.CodeAnalysis;

namespace ControlZero.Client;

/// <summary>What one question of a batch came to: a decision or an error, exactly one of the two.</summary>
public sealed class EnforceOutcome
{
    /// <summary>The question was decided.</summary>
    /// <param name="decision">The decision.</param>
    public EnforceOutcome(EnforceDecision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        Decision = decision;
    }

    /// <summary>The question was refused.</summary>
    /// <param name="error">Why.</param>
    public EnforceOutcome(ControlZeroException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        Error = error;
    }

    /// <summary>Whether the agent may act. False when there is an error.</summary>
    [MemberNotNullWhen(true, nameof(Decision))]
    public bool Allowed => Decision is { Allowed: true };

    /// <summary>The decision; one the client made itself when none arrived. Null: there is an error.</summary>
    public EnforceDecision? Decision { get; }

    /// <summary>What <see cref="ControlZeroClient.CheckAsync"/> would have thrown: the question is wrong, and the agent must not act. Null: there is a decision.</summary>
    public ControlZeroException? Error { get; }
}
