using System.Text.Json.Serialization;
using ControlZero.Protocol.V1;
using Parquet.Serialization.Attributes;

namespace ControlZero.Cli.Audit;

/// <summary>What an event's call was charged against one limit, in a row of a Parquet file.</summary>
internal sealed class ChargeRow
{
    [JsonPropertyName("policy"), ParquetRequired]
    public string Policy { get; init; } = "";

    [JsonPropertyName("limit"), ParquetRequired]
    public string Limit { get; init; } = "";

    [JsonPropertyName("metric"), ParquetRequired]
    public string Metric { get; init; } = "";

    [JsonPropertyName("units")]
    public long Units { get; init; }

    public static ChargeRow Of(ChargedUnits charge) =>
        new() { Policy = charge.Policy, Limit = charge.Limit, Metric = charge.Metric, Units = charge.Units };
}
