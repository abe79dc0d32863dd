namespace ControlZero.Engine.Policies;

/// <summary>Whether a policy is enforced.</summary>
public enum PolicyMode
{
    /// <summary>It takes part in decisions.</summary>
    Enforce = 0,

    /// <summary>It takes no part. What would be decided if it did is said beside each decision about an agent it applies to.</summary>
    Shadow = 1,
}

/// <summary>The modes as documents and answers spell them.</summary>
public static class PolicyModes
{
    /// <summary>The word.</summary>
    public static string ToWord(this PolicyMode mode) => mode == PolicyMode.Shadow ? "shadow" : "enforce";
}
