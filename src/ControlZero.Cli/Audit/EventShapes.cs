using System.Text.Json;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using Google.Protobuf.Collections;

namespace ControlZero.Cli.Audit;

/// <summary>How events are shown.</summary>
internal static class EventShapes
{
    /// <summary>Columns of a table of events.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["TIME", "AGENT", "EFFECT", "ACTION", "RESOURCE", "REASON", "RULE", "DECISION"];

    /// <summary>An event as a row.</summary>
    public static IReadOnlyList<string> Row(AuditEvent audited) =>
    [
        Shapes.Instant(audited.Time) ?? "",
        audited.AgentId,
        audited.Effect,
        audited.Action,
        audited.Resource.Length > 0 ? audited.Resource : string.Join(' ', audited.CandidateResources),
        audited.Kind == AuditEventKind.Amendment ? $"{audited.ReasonCode} (amended)" : audited.ReasonCode,
        audited.Policy.Length > 0 ? $"{audited.Policy}@{audited.PolicyVersion}/{audited.RuleId}" : audited.RuleId,
        audited.DecisionId,
    ];

    /// <summary>An event as JSON.</summary>
    public static object Of(AuditEvent audited) => new
    {
        Kind = audited.Kind.ToString().ToLowerInvariant(),
        audited.DecisionId,
        Time = Shapes.Instant(audited.Time),
        audited.AgentId,
        audited.RequestId,
        audited.Action,
        audited.Resource,
        CandidateResources = audited.CandidateResources.ToArray(),
        audited.DeniedResource,
        audited.ContextSha256,
        Context = new SortedDictionary<string, string>(audited.Context, StringComparer.Ordinal),
        Decision = Shapes.Word(audited.Decision),
        audited.Effect,
        audited.ReasonCode,
        audited.Reason,
        audited.Policy,
        audited.PolicyVersion,
        audited.PolicyEpoch,
        audited.RuleId,
        RuleIndex = audited.HasRuleIndex ? audited.RuleIndex : (int?)null,
        audited.EvaluatedRules,
        Obligations = audited.Obligations.ToArray(),
        Charged = audited.Charged.Select(charge => new { charge.Policy, charge.Limit, charge.Metric, charge.Units }),
        audited.Reservation,
        audited.KeyId,
        audited.DryRun,
        audited.Replayed,
        audited.Late,
        Redacted = audited.Redacted.ToArray(),
        Cut = new SortedDictionary<string, string>(audited.Cut, StringComparer.Ordinal),
        audited.Silo,
        audited.Generation,
        audited.Sequence,
        Shadow = Shapes.Of(audited.Shadow),
    };

    /// <summary>A map where a form has no place for one: JSON, its keys sorted. Empty: it has no entry.</summary>
    public static string Map(MapField<string, string> map) =>
        map.Count == 0 ? "" : JsonSerializer.Serialize(new SortedDictionary<string, string>(map, StringComparer.Ordinal));
}
