using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using Orleans.Concurrency;

namespace ControlZero.Abstractions.Tenants;

/// <summary>One tenant: what is in force, its settings, its keys and how many agents it has. Key: <see cref="GrainKeys.Of(TenantId)"/>.</summary>
[Alias("cz.ITenantGrain")]
public interface ITenantGrain : IGrainWithStringKey
{
    /// <summary>
    /// Creates the tenant and its first key. One that was created halfway, without a key, is completed. False: nothing changed, because it has a
    /// key already, or because the cluster has no room for another tenant; then there is none.
    /// </summary>
    [Alias("Create")]
    Task<bool> CreateAsync(TenantSettings settings, KeyRecord firstKey, CancellationToken cancellationToken);

    /// <summary>What is in force, or null: there is no such tenant. Answers what was last made durable, also while a change is under way.</summary>
    [Alias("GetManifest"), AlwaysInterleave]
    Task<TenantManifest?> GetManifestAsync(CancellationToken cancellationToken);

    /// <summary>Stores a checked document as the next version of its policy and puts it in force on every active silo.</summary>
    [Alias("PublishPolicy")]
    Task<PublishOutcome> PublishPolicyAsync(PolicyPublication publication, CancellationToken cancellationToken);

    /// <summary>Takes a policy out of force on every active silo. Its versions stay stored.</summary>
    [Alias("DeletePolicy")]
    Task<PublishOutcome> DeletePolicyAsync(DeletePolicyCommand command, CancellationToken cancellationToken);

    /// <summary>Stops the tenant, one of its agents or models on every active silo. Again changes nothing, and tells every silo again.</summary>
    [Alias("Suspend")]
    Task<SuspensionOutcome> SuspendAsync(SuspendCommand command, CancellationToken cancellationToken);

    /// <summary>Lifts a suspension on every active silo. Again changes nothing, and tells every silo again.</summary>
    [Alias("Resume")]
    Task<SuspensionOutcome> ResumeAsync(SuspensionTarget target, string subject, CancellationToken cancellationToken);

    /// <summary>Counts one more agent. False: the tenant has no room left.</summary>
    [Alias("AdmitAgent")]
    Task<bool> AdmitAgentAsync(AgentId agent, CancellationToken cancellationToken);

    /// <summary>Counts one agent less: it is deleted.</summary>
    [Alias("ReleaseAgent")]
    Task ReleaseAgentAsync(AgentId agent, CancellationToken cancellationToken);

    /// <summary>Stores a new key of this tenant.</summary>
    [Alias("AddKey")]
    Task AddKeyAsync(KeyRecord key, CancellationToken cancellationToken);

    /// <summary>Ids of all keys ever made, in order. One without a record was never handed out.</summary>
    [Alias("GetKeys")]
    Task<ImmutableArray<KeyId>> GetKeysAsync(CancellationToken cancellationToken);
}

/// <summary>A policy to take out of force.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ExpectedVersion">The version that must be in force. Null: whichever is.</param>
[GenerateSerializer, Immutable, Alias("cz.DeletePolicyCommand")]
public sealed record DeletePolicyCommand([property: Id(0)] PolicyName Name, [property: Id(1)] long? ExpectedVersion);

/// <summary>What came of a publish.</summary>
/// <param name="Status">Whether it went through.</param>
/// <param name="Entry">The policy as it is in force now, or null: it is not in force.</param>
/// <param name="Epoch">The tenant's epoch after the call.</param>
/// <param name="Acknowledgement">Who follows it. Null: nothing was put in force.</param>
[GenerateSerializer, Immutable, Alias("cz.PublishOutcome")]
public sealed record PublishOutcome(
    [property: Id(0)] PublishStatus Status,
    [property: Id(1)] PolicyEntry? Entry,
    [property: Id(2)] ulong Epoch,
    [property: Id(3)] Acknowledgement? Acknowledgement = null);

/// <summary>Whether a publish went through.</summary>
public enum PublishStatus
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>A new version is in force.</summary>
    Published = 1,

    /// <summary>The very same document was in force already.</summary>
    Unchanged = 2,

    /// <summary>Another version than the expected one is in force. Nothing changed.</summary>
    VersionConflict = 3,

    /// <summary>The tenant has as many policies as it may have. Nothing changed.</summary>
    TooManyPolicies = 4,

    /// <summary>There is no such tenant.</summary>
    TenantUnknown = 5,

    /// <summary>The enabled policies of the tenant would have more bytes together than they may. Nothing changed.</summary>
    TooManyPolicyBytes = 6,

    /// <summary>The enabled policies of the tenant would have more values together than they may. Nothing changed.</summary>
    TooManyPolicyValues = 7,

    /// <summary>The policy is out of force.</summary>
    Deleted = 8,

    /// <summary>No such policy is in force. Nothing changed.</summary>
    PolicyUnknown = 9,

    /// <summary>The enabled policies of the tenant would have more limits together than they may. Nothing changed.</summary>
    TooManyLimits = 10,
}
