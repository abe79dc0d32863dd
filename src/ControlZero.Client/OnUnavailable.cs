namespace ControlZero.Client;

/// <summary>What it means when no decision arrives: the cluster cannot be reached, or does not answer in time.</summary>
public enum OnUnavailable
{
    /// <summary>The agent may not act. The default.</summary>
    Deny = 0,

    /// <summary>The agent may act, ungoverned and unrecorded, until the cluster is back. A deny that does arrive still denies.</summary>
    Allow = 1,
}
