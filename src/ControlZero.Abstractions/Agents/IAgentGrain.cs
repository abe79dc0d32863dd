using System.Collections.Immutable;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Context;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Quotas;

namespace ControlZero.Abstractions.Agents;

/// <summary>
/// One agent: decides what it may do and counts what it was answered. Key: <see cref="GrainKeys.Of(Tenants.TenantId, AgentId)"/>.
/// </summary>
[Alias("cz.IAgentGrain")]
public interface IAgentGrain : IGrainWithStringKey
{
    /// <summary>Decides one request and counts it. One turn, without an await once the agent and its policies are in memory.</summary>
    [Alias("Authorize")]
    ValueTask<Authorization> AuthorizeAsync(AuthorizeRequest request);

    /// <summary>Decides several requests in their order, all under one epoch: what as many calls of <see cref="AuthorizeAsync"/> would, in one turn.</summary>
    [Alias("AuthorizeMany")]
    ValueTask<ImmutableArray<Authorization>> AuthorizeManyAsync(ImmutableArray<AuthorizeRequest> requests);

    /// <summary>Decides one request with its reasons. Counts and registers nothing.</summary>
    [Alias("Explain")]
    ValueTask<ExplainedAuthorization> ExplainAsync(AuthorizeRequest request);

    /// <summary>Registers the agent or replaces its labels and limits.</summary>
    [Alias("Put")]
    Task<PutAgentOutcome> PutAsync(PutAgentCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the agent: labels, limits and counters are gone, and its place is free. What it used of limits stays until their windows end.
    /// </summary>
    /// <param name="expectedVersion">The version the agent must have. Null: whatever it has.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    [Alias("Delete")]
    Task<DeleteAgentOutcome> DeleteAsync(long? expectedVersion, CancellationToken cancellationToken);

    /// <summary>The agent, or null: it is not registered.</summary>
    [Alias("Get")]
    Task<AgentDescription?> GetAsync(CancellationToken cancellationToken);

    /// <summary>What the agent was answered, or null: it is not registered.</summary>
    [Alias("GetUsage")]
    Task<AgentUsage?> GetUsageAsync(CancellationToken cancellationToken);

    /// <summary>Says what a reserved call really used. Durable when it returns.</summary>
    [Alias("Settle")]
    Task<SettleOutcome> SettleAsync(SettleCommand command);

    /// <summary>Gives back what was reserved for a call that was not made.</summary>
    /// <param name="token">Names the reservation.</param>
    [Alias("Cancel")]
    Task<SettleOutcome> CancelAsync(string token);

    /// <summary>What the agent may use now, and what is left of the limits that count it. Nothing is counted, charged or registered.</summary>
    [Alias("GetAccess")]
    Task<AccessOutcome> GetAccessAsync(AccessQuery query);

    /// <summary>Adds units to one of its limits for a time, or takes them away. Durable when it returns.</summary>
    [Alias("Adjust")]
    Task<AdjustOutcome> AdjustAsync(AdjustCommand command);
}

/// <summary>One request to decide.</summary>
[GenerateSerializer, Immutable, Alias("cz.AuthorizeRequest")]
public sealed record AuthorizeRequest
{
    /// <summary>What the agent wants to do.</summary>
    [Id(0)]
    public required string Action { get; init; }

    /// <summary>What it wants to do it with. Null: nothing.</summary>
    [Id(1)]
    public string? Resource { get; init; }

    /// <summary>Facts the caller supplies, an object. Null: none.</summary>
    [Id(2)]
    public ContextValue? Context { get; init; }

    /// <summary>Resources of which each must be allowed, after <see cref="Resource"/> if there is one. Empty: that one alone decides.</summary>
    [Id(3)]
    public ImmutableArray<string> Candidates { get; init; } = [];

    /// <summary>True: decide, but count and register nothing.</summary>
    [Id(4)]
    public bool DryRun { get; init; }

    /// <summary>The oldest epoch that may decide. Default: 0, whichever is in force.</summary>
    [Id(5)]
    public ulong MinEpoch { get; init; }

    /// <summary>The caller's id for the request: a retry carries the same one, and is charged once. Null: he gave none.</summary>
    [Id(6)]
    public string? RequestId { get; init; }

    /// <summary>What the call is expected to use. Null: not known.</summary>
    [Id(7)]
    public CallUsage? Estimate { get; init; }
}

/// <summary>One decided request.</summary>
/// <param name="Decision">What was decided.</param>
/// <param name="EvaluatedRules">How many rules were looked at.</param>
/// <param name="Epoch">The tenant's epoch it was decided under. Below the request's <see cref="AuthorizeRequest.MinEpoch"/>: it was not decided at all.</param>
/// <param name="DeniedResource">The first of several candidates that was denied. Null: none was, or there were no candidates.</param>
/// <param name="Age">
/// How old the deciding silo's knowledge of what is in force was. An allow may leave as long as this and the time since then are within the
/// bound. Null: the tenant lets it leave however old.
/// </param>
/// <param name="Silo">The silo that holds the agent, when its grain decided. Null: whoever asked decided by itself.</param>
/// <param name="Quota">What limits had to do with it. Null: none applies, or the policies deny whatever is left.</param>
[GenerateSerializer, Immutable, Alias("cz.Authorization")]
public sealed record Authorization(
    [property: Id(0)] Decision Decision,
    [property: Id(1)] int EvaluatedRules,
    [property: Id(2)] ulong Epoch,
    [property: Id(3)] string? DeniedResource = null,
    [property: Id(4)] TimeSpan? Age = null,
    [property: Id(5)] SiloAddress? Silo = null,
    [property: Id(6)] QuotaOutcome? Quota = null);

/// <summary>One decided request with its reasons.</summary>
/// <param name="Authorization">What was decided.</param>
/// <param name="Trials">The rules that were looked at, in order.</param>
/// <param name="Truncated">True: some were left out; what decided was not.</param>
/// <param name="Limits">The limits that would count the request. Default: none does, or the policies deny it whatever is left.</param>
[GenerateSerializer, Immutable, Alias("cz.ExplainedAuthorization")]
public sealed record ExplainedAuthorization(
    [property: Id(0)] Authorization Authorization,
    [property: Id(1)] ImmutableArray<RuleTrial> Trials,
    [property: Id(2)] bool Truncated = false,
    [property: Id(3)] ImmutableArray<LimitTrial> Limits = default);

/// <summary>What one limit would make of a request.</summary>
/// <param name="Standing">The limit and what is left of it.</param>
/// <param name="Units">What the request would take of it.</param>
/// <param name="Denies">True: so much is not left.</param>
[GenerateSerializer, Immutable, Alias("cz.LimitTrial")]
public sealed record LimitTrial([property: Id(0)] LimitStanding Standing, [property: Id(1)] long Units, [property: Id(2)] bool Denies);

/// <summary>Labels and limits to give an agent.</summary>
/// <param name="Labels">The labels; they replace the ones it had.</param>
/// <param name="ExpectedVersion">The version the agent must have; 0: it must not be registered; null: whatever it has.</param>
/// <param name="Limits">Limits of its own; they replace the ones it had. Default: those stay.</param>
[GenerateSerializer, Immutable, Alias("cz.PutAgentCommand")]
public sealed record PutAgentCommand(
    [property: Id(0)] ImmutableSortedDictionary<string, string> Labels,
    [property: Id(1)] long? ExpectedVersion,
    [property: Id(2)] ImmutableArray<AgentLimit> Limits = default);

/// <summary>What came of it.</summary>
/// <param name="Status">Whether it went through.</param>
/// <param name="Agent">The agent as it now is, or null: it is not registered.</param>
[GenerateSerializer, Immutable, Alias("cz.PutAgentOutcome")]
public sealed record PutAgentOutcome(
    [property: Id(0)] PutAgentStatus Status,
    [property: Id(1)] AgentDescription? Agent);

/// <summary>Whether an agent could be put.</summary>
public enum PutAgentStatus
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>The agent is as asked for.</summary>
    Done = 1,

    /// <summary>The agent has another version than the expected one. Nothing changed.</summary>
    VersionConflict = 2,

    /// <summary>The tenant has as many agents as it may have. Nothing changed.</summary>
    NoRoom = 3,
}

/// <summary>What came of a deletion.</summary>
/// <param name="Status">Whether it went through.</param>
/// <param name="Version">The version the agent had. 0: it was not registered.</param>
[GenerateSerializer, Immutable, Alias("cz.DeleteAgentOutcome")]
public sealed record DeleteAgentOutcome([property: Id(0)] DeleteAgentStatus Status, [property: Id(1)] long Version);

/// <summary>Whether an agent could be deleted.</summary>
public enum DeleteAgentStatus
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>The agent is gone.</summary>
    Done = 1,

    /// <summary>The agent has another version than the expected one. Nothing changed.</summary>
    VersionConflict = 2,

    /// <summary>There is no such agent. Nothing changed.</summary>
    NotRegistered = 3,
}

/// <summary>A registered agent.</summary>
[GenerateSerializer, Immutable, Alias("cz.AgentDescription")]
public sealed record AgentDescription
{
    /// <summary>Its id.</summary>
    [Id(0)]
    public required AgentId Agent { get; init; }

    /// <summary>Its labels.</summary>
    [Id(1)]
    public required ImmutableSortedDictionary<string, string> Labels { get; init; }

    /// <summary>Number of the last change, from 1.</summary>
    [Id(2)]
    public required long Version { get; init; }

    /// <summary>When it was registered.</summary>
    [Id(3)]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its labels or limits were last changed.</summary>
    [Id(4)]
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Limits of its own. Default: it has none.</summary>
    [Id(5)]
    public ImmutableArray<AgentLimit> Limits { get; init; }
}

/// <summary>What an agent was answered since it was registered.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Allowed">Decisions that allowed.</param>
/// <param name="Denied">Decisions that denied.</param>
/// <param name="LastDecisionAt">When it was last asked about. Null: never.</param>
/// <param name="Limits">Every limit that may apply to it, with what is left.</param>
[GenerateSerializer, Immutable, Alias("cz.AgentUsage")]
public sealed record AgentUsage(
    [property: Id(0)] AgentId Agent,
    [property: Id(1)] long Allowed,
    [property: Id(2)] long Denied,
    [property: Id(3)] DateTimeOffset? LastDecisionAt,
    [property: Id(4)] ImmutableArray<LimitStanding> Limits = default);
