using System.Text.Json.Serialization;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using Parquet.Serialization.Attributes;

namespace ControlZero.Cli.Audit;

/// <summary>What policies in shadow would have made of an event's decision, as part of a row.</summary>
internal sealed class ShadowRow
{
    [JsonPropertyName("decision"), ParquetRequired]
    public string Decision { get; init; } = "";

    [JsonPropertyName("effect"), ParquetRequired]
    public string Effect { get; init; } = "";

    [JsonPropertyName("reason_code"), ParquetRequired]
    public string ReasonCode { get; init; } = "";

    [JsonPropertyName("policy"), ParquetRequired]
    public string Policy { get; init; } = "";

    [JsonPropertyName("policy_version")]
    public long PolicyVersion { get; init; }

    [JsonPropertyName("rule_id"), ParquetRequired]
    public string RuleId { get; init; } = "";

    public static ShadowRow? Of(ShadowDecision? shadow) => shadow is null ? null : new ShadowRow
    {
        Decision = Shapes.Word(shadow.Decision),
        Effect = shadow.Effect,
        ReasonCode = shadow.ReasonCode,
        Policy = shadow.Policy,
        PolicyVersion = shadow.PolicyVersion,
        RuleId = shadow.RuleId,
    };
}
