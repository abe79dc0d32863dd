namespace ControlZero.Load.Targets;

/// <summary>How a server is set up that is measured.</summary>
/// <param name="Audit">How it records its answers (<c>Audit:Mode</c>).</param>
/// <param name="HasLimits">Whether the policy counts each agent's requests against a limit that is never reached.</param>
internal readonly record struct ServerSetup(string Audit, bool HasLimits)
{
    /// <summary>As a server is unless it is told otherwise, with a policy that states no limit.</summary>
    public static ServerSetup Standard { get; } = new("durable", HasLimits: false);

    /// <summary>What a row's name says of it. Empty: nothing, it is the standard.</summary>
    public string Name => (Audit == Standard.Audit ? "" : $", audit {Audit}") + (HasLimits ? ", with limits" : "");
}
