namespace ControlZero.Engine.Replay;

/// <summary>Facts that conditions may ask for and a record of a past decision does not hold.</summary>
[Flags]
public enum UnknownFacts
{
    /// <summary>All are known.</summary>
    None = 0,

    /// <summary>The request's context.</summary>
    Context = 1,

    /// <summary>The labels that the agent had.</summary>
    Labels = 2,

    /// <summary>What the caller expected the call to use.</summary>
    Estimate = 4,
}
