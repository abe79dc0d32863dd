using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlZero.Cli.Audit;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Parquet.Serialization;

namespace ControlZero.Cli.Tests.Audit;

/// <summary>An export holds the whole event, whichever form it has.</summary>
public sealed class EventFormTests
{
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly AuditEvent Event = new()
    {
        DecisionId = "d1",
        Time = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
        Context = { ["env"] = "prod" },
        EvaluatedRules = 3,
        Obligations = { "redact" },
        Charged = { new ChargedUnits { Policy = "p", Limit = "daily-usd", Metric = "cost_usd", Units = 3_750_000 } },
        Reservation = "token",
        Redacted = { "email" },
    };

    [Fact]
    public void Forms_HaveTheSameFields()
    {
        var json = JsonSerializer.SerializeToElement(EventShapes.Of(Event), Names)
            .EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal).ToList();
        using var csv = new StringWriter();
        EventCsv.Write(csv, [], isFirst: true);
        var parquet = typeof(EventRow).GetProperties().Select(column => column.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name);

        Assert.Equal(json, csv.ToString().TrimEnd().Split(',').Order(StringComparer.Ordinal));
        Assert.Equal(json, parquet.Order(StringComparer.Ordinal));
    }

    private static readonly AuditEvent Shadowed = new(Event)
    {
        Shadow = new ShadowDecision { Decision = Decision.Deny, Effect = "deny", ReasonCode = "RULE_MATCH", Policy = "next", PolicyVersion = 2, RuleId = "no-b" },
    };

    [Fact]
    public async Task Forms_HoldWhatWouldHaveBeenDecidedInShadow_AndNothingWhereNoneWasSaid()
    {
        const string Said = """{"decision":"deny","effect":"deny","reason_code":"RULE_MATCH","policy":"next","policy_version":2,"rule_id":"no-b"}""";
        using var file = new MemoryStream();
        await ParquetSerializer.SerializeAsync([EventRow.Of(Shadowed), EventRow.Of(Event)], file);
        file.Position = 0;
        using var csv = new StringWriter();
        EventCsv.Write(csv, [Shadowed, Event], isFirst: false);

        var rows = (await ParquetSerializer.DeserializeAsync<EventRow>(file)).Data;
        var lines = csv.ToString().Split("\r\n");

        Assert.Equal(("deny", "no-b", "next", 2), (rows[0].Shadow!.Decision, rows[0].Shadow!.RuleId, rows[0].Shadow!.Policy, rows[0].Shadow!.PolicyVersion));
        Assert.Null(rows[1].Shadow);
        Assert.EndsWith($",\"{Said.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",0,0,", lines[1], StringComparison.Ordinal);
        Assert.Equal(Said, JsonSerializer.SerializeToElement(EventShapes.Of(Shadowed), Names).GetProperty("shadow").GetRawText());
        Assert.Equal(JsonValueKind.Null, JsonSerializer.SerializeToElement(EventShapes.Of(Event), Names).GetProperty("shadow").ValueKind);
    }

    [Fact]
    public async Task Parquet_HoldsWhatWasChargedAsNumbers()
    {
        using var file = new MemoryStream();
        await ParquetSerializer.SerializeAsync([EventRow.Of(Event)], file);
        file.Position = 0;

        var row = Assert.Single((await ParquetSerializer.DeserializeAsync<EventRow>(file)).Data);

        var charge = Assert.Single(row.Charged);
        Assert.Equal(("p", "daily-usd", "cost_usd", 3_750_000L), (charge.Policy, charge.Limit, charge.Metric, charge.Units));
        Assert.Equal(("""{"env":"prod"}""", 3, "redact", "token", "email"), (row.Context, row.EvaluatedRules, row.Obligations[0], row.Reservation, row.Redacted[0]));
    }
}
