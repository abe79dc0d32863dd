using System.Text.Json.Serialization;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using Parquet.Serialization.Attributes;

namespace ControlZero.Cli.Audit;

/// <summary>An event as a row of a Parquet file. Names and types are stable; maps are JSON, as in CSV.</summary>
internal sealed class EventRow
{
    [JsonPropertyName("time"), ParquetTimestamp(ParquetTimestampResolution.Microseconds)]
    public DateTime Time { get; init; }

    [JsonPropertyName("kind"), ParquetRequired]
    public string Kind { get; init; } = "";

    [JsonPropertyName("decision_id"), ParquetRequired]
    public string DecisionId { get; init; } = "";

    [JsonPropertyName("agent_id"), ParquetRequired]
    public string AgentId { get; init; } = "";

    [JsonPropertyName("request_id"), ParquetRequired]
    public string RequestId { get; init; } = "";

    [JsonPropertyName("action"), ParquetRequired]
    public string Action { get; init; } = "";

    [JsonPropertyName("resource"), ParquetRequired]
    public string Resource { get; init; } = "";

    [JsonPropertyName("candidate_resources")]
    public List<string> CandidateResources { get; init; } = [];

    [JsonPropertyName("denied_resource"), ParquetRequired]
    public string DeniedResource { get; init; } = "";

    [JsonPropertyName("context_sha256"), ParquetRequired]
    public string ContextSha256 { get; init; } = "";

    [JsonPropertyName("context"), ParquetRequired]
    public string Context { get; init; } = "";

    [JsonPropertyName("decision"), ParquetRequired]
    public string Decision { get; init; } = "";

    [JsonPropertyName("effect"), ParquetRequired]
    public string Effect { get; init; } = "";

    [JsonPropertyName("reason_code"), ParquetRequired]
    public string ReasonCode { get; init; } = "";

    [JsonPropertyName("reason"), ParquetRequired]
    public string Reason { get; init; } = "";

    [JsonPropertyName("policy"), ParquetRequired]
    public string Policy { get; init; } = "";

    [JsonPropertyName("policy_version")]
    public long PolicyVersion { get; init; }

    [JsonPropertyName("policy_epoch")]
    public long PolicyEpoch { get; init; }

    [JsonPropertyName("rule_id"), ParquetRequired]
    public string RuleId { get; init; } = "";

    [JsonPropertyName("rule_index")]
    public int? RuleIndex { get; init; }

    [JsonPropertyName("evaluated_rules")]
    public int EvaluatedRules { get; init; }

    [JsonPropertyName("obligations")]
    public List<string> Obligations { get; init; } = [];

    [JsonPropertyName("charged")]
    public List<ChargeRow> Charged { get; init; } = [];

    [JsonPropertyName("reservation"), ParquetRequired]
    public string Reservation { get; init; } = "";

    [JsonPropertyName("key_id"), ParquetRequired]
    public string KeyId { get; init; } = "";

    [JsonPropertyName("dry_run")]
    public bool DryRun { get; init; }

    [JsonPropertyName("replayed")]
    public bool Replayed { get; init; }

    [JsonPropertyName("late")]
    public bool Late { get; init; }

    [JsonPropertyName("redacted")]
    public List<string> Redacted { get; init; } = [];

    [JsonPropertyName("cut"), ParquetRequired]
    public string Cut { get; init; } = "";

    [JsonPropertyName("silo"), ParquetRequired]
    public string Silo { get; init; } = "";

    [JsonPropertyName("generation")]
    public long Generation { get; init; }

    [JsonPropertyName("sequence")]
    public long Sequence { get; init; }

    [JsonPropertyName("shadow")]
    public ShadowRow? Shadow { get; init; }

    public static EventRow Of(AuditEvent audited) => new()
    {
        Time = audited.Time.ToDateTime(),
        Kind = audited.Kind.ToString().ToLowerInvariant(),
        DecisionId = audited.DecisionId,
        AgentId = audited.AgentId,
        RequestId = audited.RequestId,
        Action = audited.Action,
        Resource = audited.Resource,
        CandidateResources = [.. audited.CandidateResources],
        DeniedResource = audited.DeniedResource,
        ContextSha256 = audited.ContextSha256,
        Context = EventShapes.Map(audited.Context),
        Decision = Shapes.Word(audited.Decision),
        Effect = audited.Effect,
        ReasonCode = audited.ReasonCode,
        Reason = audited.Reason,
        Policy = audited.Policy,
        PolicyVersion = audited.PolicyVersion,
        PolicyEpoch = (long)audited.PolicyEpoch,
        RuleId = audited.RuleId,
        RuleIndex = audited.HasRuleIndex ? audited.RuleIndex : null,
        EvaluatedRules = audited.EvaluatedRules,
        Obligations = [.. audited.Obligations],
        Charged = [.. audited.Charged.Select(ChargeRow.Of)],
        Reservation = audited.Reservation,
        KeyId = audited.KeyId,
        DryRun = audited.DryRun,
        Replayed = audited.Replayed,
        Late = audited.Late,
        Redacted = [.. audited.Redacted],
        Cut = EventShapes.Map(audited.Cut),
        Silo = audited.Silo,
        Generation = audited.Generation,
        Sequence = audited.Sequence,
        Shadow = ShadowRow.Of(audited.Shadow),
    };
}
