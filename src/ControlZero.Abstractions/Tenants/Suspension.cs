namespace ControlZero.Abstractions.Tenants;

/// <summary>A stop that overrides every policy until it is lifted.</summary>
[GenerateSerializer, Immutable, Alias("cz.Suspension")]
public sealed record Suspension
{
    /// <summary>What kind of thing is stopped.</summary>
    [Id(0)]
    public required SuspensionTarget Target { get; init; }

    /// <summary>Its id within the tenant. Empty: the tenant itself.</summary>
    [Id(1)]
    public required string Subject { get; init; }

    /// <summary>Why, in the words of whoever stopped it. Empty: not said.</summary>
    [Id(2)]
    public required string Reason { get; init; }

    /// <summary>When it was stopped.</summary>
    [Id(3)]
    public required DateTimeOffset SuspendedAt { get; init; }

    /// <summary>Id of the key that stopped it.</summary>
    [Id(4)]
    public required string SuspendedBy { get; init; }

    /// <summary>True when it stops that thing.</summary>
    public bool Stops(SuspensionTarget target, string subject) => Target == target && string.Equals(Subject, subject, StringComparison.Ordinal);
}

/// <summary>What can be suspended.</summary>
public enum SuspensionTarget
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>The whole tenant.</summary>
    Tenant = 1,

    /// <summary>One agent, registered or not.</summary>
    Agent = 2,

    /// <summary>Models, for all agents of the tenant. The subject is a pattern: <c>model/openai/*</c>.</summary>
    Model = 3,
}

/// <summary>A thing to suspend.</summary>
/// <param name="Target">What kind of thing.</param>
/// <param name="Subject">Its id within the tenant. Empty: the tenant itself.</param>
/// <param name="Reason">Why. Empty: not said.</param>
/// <param name="By">Id of the key that suspends it.</param>
[GenerateSerializer, Immutable, Alias("cz.SuspendCommand")]
public sealed record SuspendCommand(
    [property: Id(0)] SuspensionTarget Target,
    [property: Id(1)] string Subject,
    [property: Id(2)] string Reason,
    [property: Id(3)] string By);

/// <summary>What came of suspending or resuming.</summary>
/// <param name="Status">Whether it went through.</param>
/// <param name="Suspension">The suspension that is in force now, or null: none is.</param>
/// <param name="Epoch">The tenant's epoch after the call.</param>
/// <param name="Acknowledgement">Who follows it. Null: nothing is in force that somebody could follow.</param>
[GenerateSerializer, Immutable, Alias("cz.SuspensionOutcome")]
public sealed record SuspensionOutcome(
    [property: Id(0)] SuspensionStatus Status,
    [property: Id(1)] Suspension? Suspension,
    [property: Id(2)] ulong Epoch,
    [property: Id(3)] Acknowledgement? Acknowledgement);

/// <summary>Whether it went through.</summary>
public enum SuspensionStatus
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>It is as asked for.</summary>
    Changed = 1,

    /// <summary>It was as asked for already.</summary>
    Unchanged = 2,

    /// <summary>The tenant has as many suspensions as it may have. Nothing changed.</summary>
    TooMany = 3,

    /// <summary>There is no such tenant.</summary>
    TenantUnknown = 4,
}
