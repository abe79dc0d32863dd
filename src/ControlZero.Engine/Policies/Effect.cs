namespace ControlZero.Engine.Policies;

/// <summary>What a rule or a default does when it decides. All but <see cref="Deny"/> permit.</summary>
public enum Effect
{
    /// <summary>Not stated. Never the effect of a decision.</summary>
    Unspecified = 0,

    /// <summary>The agent may act.</summary>
    Allow = 1,

    /// <summary>The agent may not act.</summary>
    Deny = 2,

    /// <summary>The agent may act; somebody should be told.</summary>
    Warn = 3,

    /// <summary>The agent may act; the decision is worth keeping for its own sake.</summary>
    Audit = 4,
}

/// <summary>How effects are spelled, and which of them permit.</summary>
public static class Effects
{
    /// <summary>The word for an effect, as documents and answers spell it.</summary>
    public static string ToWord(this Effect effect) => effect switch
    {
        Effect.Allow => "allow",
        Effect.Deny => "deny",
        Effect.Warn => "warn",
        Effect.Audit => "audit",
        _ => "unspecified",
    };

    /// <summary>True when the effect lets the agent act.</summary>
    public static bool Permits(this Effect effect) => effect is Effect.Allow or Effect.Warn or Effect.Audit;

    /// <summary>Reads the word for an effect. Case-sensitive; false for any other word.</summary>
    public static bool TryParse(string word, out Effect effect)
    {
        effect = word switch
        {
            "allow" => Effect.Allow,
            "deny" => Effect.Deny,
            "warn" => Effect.Warn,
            "audit" => Effect.Audit,
            _ => Effect.Unspecified,
        };
        return effect != Effect.Unspecified;
    }
}
