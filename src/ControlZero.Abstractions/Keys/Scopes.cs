namespace ControlZero.Abstractions.Keys;

/// <summary>What a key may do.</summary>
public static class Scopes
{
    /// <summary>Ask for decisions and see usage.</summary>
    public const string Enforce = "enforce";

    /// <summary>Read, check, test and explain policies.</summary>
    public const string PolicyRead = "policy:read";

    /// <summary>Publish policies.</summary>
    public const string PolicyWrite = "policy:write";

    /// <summary>Register agents and change their labels.</summary>
    public const string AgentWrite = "agent:write";

    /// <summary>Read the audit log.</summary>
    public const string AuditRead = "audit:read";

    /// <summary>Everything within its own tenant, keys included.</summary>
    public const string Admin = "admin";

    /// <summary>Tenants and the cluster. Only the first key of a cluster has it.</summary>
    public const string ClusterAdmin = "cluster:admin";

    /// <summary>All scopes, in the order in which they are explained.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Enforce, PolicyRead, PolicyWrite, AgentWrite, AuditRead, Admin, ClusterAdmin];

    /// <summary>
    /// True when a key that holds <paramref name="held"/> may do what <paramref name="wanted"/> stands for:
    /// <see cref="Admin"/> stands for every scope of its tenant, and for no other reason does one scope include another.
    /// </summary>
    public static bool Include(IReadOnlyCollection<string> held, string wanted) =>
        held.Contains(wanted) || (wanted != ClusterAdmin && held.Contains(Admin));
}
