using System.Collections.Immutable;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Policies;

/// <summary>A policy as its author wrote it, checked and with every default filled in.</summary>
public sealed record PolicyDocument
{
    /// <summary>Priority of a document that states none.</summary>
    public const int DefaultPriority = 100;

    /// <summary>Name of the policy; unique within a tenant.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for. Default: empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Lower is evaluated first. Default: 100.</summary>
    public int Priority { get; init; } = DefaultPriority;

    /// <summary>False: takes no part in decisions. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whether it is enforced. In shadow neither its rules nor its default and its limits take part in decisions. Default: enforced.</summary>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;

    /// <summary>Globs over the agent ids it applies to. Empty: all agents.</summary>
    public ImmutableArray<string> Agents { get; init; } = [];

    /// <summary>What happens when no rule of any policy matches: deny, allow or warn; the strictest of the set wins. Default: deny.</summary>
    public Effect DefaultAction { get; init; } = Effect.Deny;

    /// <summary>The rules, in the order they are tried. At least one.</summary>
    public required ImmutableArray<PolicyRule> Rules { get; init; }

    /// <summary>What may be used, of all that the rules of all policies allow to the agents this one applies to. Empty: no limits.</summary>
    public ImmutableArray<QuotaLimit> Limits { get; init; } = [];
}

/// <summary>One rule: a matcher and an effect.</summary>
public sealed record PolicyRule
{
    /// <summary>What the rule does when it matches.</summary>
    public required Effect Effect { get; init; }

    /// <summary>Patterns over actions, as written. At least one.</summary>
    public required ImmutableArray<string> Actions { get; init; }

    /// <summary>Patterns over resources, as written. Empty, or holding a bare <c>*</c>: any resource, and none.</summary>
    public ImmutableArray<string> Resources { get; init; } = [];

    /// <summary>What must hold besides. All of them must. Empty: nothing.</summary>
    public ImmutableArray<Condition> Conditions { get; init; } = [];

    /// <summary>Its id, or null.</summary>
    public string? Id { get; init; }

    /// <summary>Its name, or null.</summary>
    public string? Name { get; init; }

    /// <summary>Why, in the author's words, or null.</summary>
    public string? Reason { get; init; }

    /// <summary>Why, by language tag. Empty: not given.</summary>
    public ImmutableSortedDictionary<string, string> ReasonLocalized { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>A reason code of the rule's own, or null.</summary>
    public string? ReasonCode { get; init; }

    /// <summary>What the caller must also do when it acts. Empty: nothing.</summary>
    public ImmutableArray<Obligation> Obligations { get; init; } = [];

    /// <summary>Position of the rule within its policy, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The id that is reported: <see cref="Id"/>, else <see cref="Name"/>, else <c>rule-N</c>.</summary>
    public string ReportedId => Id ?? Name ?? $"rule-{Index}";
}
