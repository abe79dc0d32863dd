using System.Globalization;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using ReasonCodes = ControlZero.Engine.Evaluation.ReasonCodes;

namespace ControlZero.Cli.Output;

/// <summary>The JSON forms that several commands share. Names and types are stable; readers must tolerate new fields.</summary>
internal static class Shapes
{
    public static object Of(PolicyVersion policy) => new
    {
        policy.Name,
        policy.Version,
        policy.Description,
        policy.Priority,
        policy.Enabled,
        Mode = Mode(policy),
        policy.RuleCount,
        policy.Digest,
        PublishedAt = Instant(policy.PublishedAt),
        policy.PublishedBy,
    };

    public static object Of(EnforceDecision decision) => new
    {
        Decision = decision.Allowed ? "allow" : "deny",
        Source = decision.Source == DecisionSource.Client ? "client" : "server",
        decision.Effect,
        decision.ReasonCode,
        decision.Reason,
        decision.DecisionId,
        decision.RequestId,
        decision.Policy,
        decision.PolicyVersion,
        decision.RuleId,
        decision.RuleIndex,
        decision.EvaluatedRules,
        decision.PolicyEpoch,
        Obligations = decision.Obligations.Select(obligation => new { obligation.Name, obligation.Parameters }),
        decision.DeniedResource,
        decision.DryRun,
        decision.Replayed,
        RetryAfterSeconds = decision.RetryAfter?.TotalSeconds,
        Reservation = decision.Reservation is { } held ? new { held.Token, ExpiresAt = Instant(held.ExpiresAt) } : null,
        Limits = decision.Limits.Select(limit => LimitRows.Shape(LimitRows.StateOf(limit))),
        Shadow = Of(ShadowOf(decision)),
    };

    public static object Of(EnforceResponse response) => new
    {
        Decision = Word(response.Decision),
        response.Effect,
        response.ReasonCode,
        response.Reason,
        response.Policy,
        response.PolicyVersion,
        response.RuleId,
        RuleIndex = response.HasRuleIndex ? response.RuleIndex : (int?)null,
        response.EvaluatedRules,
        response.PolicyEpoch,
        Shadow = Of(response.Shadow),
    };

    /// <summary>What would be decided were policies in shadow in force. Null: none applies, or no policy was asked.</summary>
    public static object? Of(ShadowDecision? shadow) => shadow is null ? null : new
    {
        Decision = Word(shadow.Decision),
        shadow.Effect,
        shadow.ReasonCode,
        shadow.Policy,
        shadow.PolicyVersion,
        shadow.RuleId,
    };

    /// <summary>What a decision says in shadow, as the cluster sent it. Null: nothing.</summary>
    public static ShadowDecision? ShadowOf(EnforceDecision decision) => decision.Shadow is not { } shadow ? null : new ShadowDecision
    {
        Decision = shadow.Allowed ? Decision.Allow : Decision.Deny,
        Effect = shadow.Effect,
        ReasonCode = shadow.ReasonCode,
        Policy = shadow.Policy,
        PolicyVersion = shadow.PolicyVersion,
        RuleId = shadow.RuleId,
    };

    /// <summary>What would turn were policies in shadow in force, in words. Null: nothing would. Where a limit denied, the policies had allowed.</summary>
    public static string? Turning(bool allowed, string reasonCode, ShadowDecision? shadow) =>
        shadow is not null && (shadow.Decision == Decision.Allow) != (allowed || !ReasonCodes.IsOfPolicies(reasonCode)) ? InWords(shadow) : null;

    /// <summary>The same in words. Empty: nothing is said.</summary>
    public static string InWords(ShadowDecision? shadow) => shadow is null ? ""
        : $"{Word(shadow.Decision)} ({shadow.ReasonCode}) by {(shadow.Policy.Length > 0 ? $"{shadow.Policy}@{Number(shadow.PolicyVersion)}/{shadow.RuleId}" : shadow.RuleId)}";

    public static object Of(Agent agent) => new
    {
        agent.AgentId,
        Labels = new SortedDictionary<string, string>(agent.Labels, StringComparer.Ordinal),
        agent.Version,
        CreatedAt = Instant(agent.CreatedAt),
        UpdatedAt = Instant(agent.UpdatedAt),
        Suspension = agent.Suspension is { } suspension ? Of(suspension) : null,
        Limits = agent.Limits.Select(Of),
    };

    public static object Of(Tenant tenant) => new
    {
        tenant.TenantId,
        tenant.UnknownAgents,
        tenant.MaxAgents,
        tenant.DefaultOnEmpty,
        tenant.Test,
        tenant.AllowStale,
        CreatedAt = Instant(tenant.CreatedAt),
        Suspension = tenant.Suspension is { } suspension ? Of(suspension) : null,
        tenant.SuspendedAgents,
    };

    public static object Of(AgentLimit limit) => new
    {
        limit.Name,
        limit.Metric,
        limit.Limit,
        limit.Window,
        limit.Timezone,
        Actions = limit.Actions.ToArray(),
        Resources = limit.Resources.ToArray(),
        DefaultEstimate = limit.HasDefaultEstimate ? limit.DefaultEstimate : (long?)null,
    };

    public static object Of(Suspension suspension) => new
    {
        suspension.Reason,
        SuspendedAt = Instant(suspension.SuspendedAt),
        suspension.SuspendedBy,
    };

    /// <summary>Who follows a change. Null: the cluster did not say.</summary>
    public static object? Of(Acknowledgement? acknowledgement) => acknowledgement is null ? null : new
    {
        AcknowledgedSilos = acknowledgement.AcknowledgedSilos.ToArray(),
        PendingSilos = acknowledgement.PendingSilos.ToArray(),
        EnforcedBy = Instant(acknowledgement.EnforcedBy),
    };

    public static object Of(Key key) => new
    {
        key.KeyId,
        key.Name,
        Scopes = key.Scopes.ToArray(),
        Agents = key.Agents.ToArray(),
        CreatedAt = Instant(key.CreatedAt),
        key.CreatedBy,
        NotBefore = Instant(key.NotBefore),
        ExpiresAt = Instant(key.ExpiresAt),
        RevokedAt = Instant(key.RevokedAt),
    };

    /// <summary>An instant as RFC 3339 in UTC. Null: there is none.</summary>
    public static string? Instant(Timestamp? timestamp) =>
        timestamp?.ToDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <inheritdoc cref="Instant(Timestamp?)"/>
    public static string? Instant(DateTimeOffset? time) => Instant(time?.ToTimestamp());

    /// <summary>A decision in a word. Anything but a plain allow is a deny.</summary>
    public static string Word(Decision decision) => decision == Decision.Allow ? "allow" : "deny";

    /// <summary>Whether a policy is enforced or in shadow. Servers before shadow knew enforced ones only, and say nothing.</summary>
    public static string Mode(PolicyVersion policy) => policy.Mode.Length == 0 ? "enforce" : policy.Mode;

    /// <summary>A number in the same form everywhere.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
