using System.Collections.Immutable;
using System.Text.Json;

namespace ControlZero.Audit.Format.Events;

/// <summary>
/// The body of an event's line: one JSON object of ASCII without a line feed, its members in a fixed order, those that say nothing left out.
/// Whatever a text holds (line separators, marks that turn the direction, terminal sequences), the line holds its escape. Tenant, time and silo
/// stand around the body in its line and segment.
/// </summary>
public static class EventJson
{
    // How long a text may be, and less if the line is too long then.
    private static readonly int[] TextLimits = [1024, 256, 64, 16];

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>Writes the body behind what is there, at most <see cref="AuditEvent.MaxBytes"/> long: texts are cut until it is.</summary>
    public static void Write(AuditEvent audited, EventBuffer to)
    {
        ArgumentNullException.ThrowIfNull(audited);
        ArgumentNullException.ThrowIfNull(to);

        var begin = to.Length;
        WriteAsItIs(audited, to);
        foreach (var limit in TextLimits)
        {
            if (to.Length - begin <= AuditEvent.MaxBytes)
            {
                return;
            }

            to.Rewind(begin);
            WriteAsItIs(EventShortening.Shorten(audited, limit), to);
        }
    }

    /// <summary>The event of a body. What later builds add is passed over.</summary>
    /// <param name="body">The body.</param>
    /// <param name="tenant">Of its line.</param>
    /// <param name="time">Of its line.</param>
    /// <param name="silo">Of its segment.</param>
    /// <exception cref="JsonException">It is no event.</exception>
    public static AuditEvent Read(ReadOnlyMemory<byte> body, string tenant, DateTimeOffset time, string silo)
    {
        using var document = JsonDocument.Parse(body);
        return Read(document.RootElement, tenant, time, silo);
    }

    /// <summary>The event of a body that is parsed already, see <see cref="Read(ReadOnlyMemory{byte}, string, DateTimeOffset, string)"/>.</summary>
    /// <exception cref="JsonException">It is no event.</exception>
    public static AuditEvent Read(JsonElement root, string tenant, DateTimeOffset time, string silo)
    {
        return root.ValueKind != JsonValueKind.Object ? throw new JsonException("the body of an event is an object") : new AuditEvent
        {
            Kind = AuditEventKinds.Parse(Text("kind")),
            DecisionId = Text("decision_id"),
            Time = time,
            Tenant = tenant,
            Agent = Text("agent"),
            RequestId = Text("request_id"),
            Action = Text("action"),
            Resource = Text("resource"),
            Candidates = [.. Items("candidates").Select(item => item.GetString()!)],
            DeniedResource = Text("denied_resource"),
            ContextDigest = Text("context_sha256"),
            Context = Pairs("context"),
            Allowed = Text("decision") == "allow",
            Effect = Text("effect"),
            ReasonCode = Text("reason_code"),
            Reason = Text("reason"),
            Policy = Text("policy"),
            PolicyVersion = Number("policy_version"),
            PolicyEpoch = root.TryGetProperty("policy_epoch", out var epoch) ? epoch.GetUInt64() : 0,
            RuleId = Text("rule_id"),
            RuleIndex = root.TryGetProperty("rule_index", out var index) ? index.GetInt32() : null,
            EvaluatedRules = (int)Number("evaluated_rules"),
            Obligations = [.. Items("obligations").Select(item => item.GetString()!)],
            Charged =
            [
                .. Items("charged").Select(item => new ChargedUnits(
                    item.GetProperty("policy").GetString()!,
                    item.GetProperty("limit").GetString()!,
                    item.GetProperty("metric").GetString()!,
                    item.GetProperty("units").GetInt64())),
            ],
            Reservation = Text("reservation"),
            KeyId = Text("key_id"),
            Silo = silo,
            DryRun = Flag("dry_run"),
            Replayed = Flag("replayed"),
            Late = Flag("late"),
            Redacted = Items("redacted").Aggregate(RedactedKinds.None, (kinds, word) => kinds | RedactedKindWords.Parse(word.GetString()!)),
            Cut = Pairs("cut"),
        };

        string Text(string name) => root.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
        long Number(string name) => root.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
        bool Flag(string name) => root.TryGetProperty(name, out var value) && value.GetBoolean();
        IEnumerable<JsonElement> Items(string name) => root.TryGetProperty(name, out var value) ? value.EnumerateArray() : [];
        ImmutableArray<KeyValuePair<string, string>> Pairs(string name) => root.TryGetProperty(name, out var value)
            ? [.. value.EnumerateObject().Select(pair => new KeyValuePair<string, string>(pair.Name, pair.Value.GetString() ?? ""))]
            : [];
    }

    private static void WriteAsItIs(AuditEvent audited, EventBuffer to)
    {
        // The default encoder: anything that is not plain ASCII becomes an escape.
        var json = _writer ??= new Utf8JsonWriter(to);
        json.Reset(to);
        json.WriteStartObject();
        json.WriteString("kind"u8, audited.Kind.ToWord());
        json.WriteString("decision_id"u8, audited.DecisionId);
        json.WriteString("agent"u8, audited.Agent);
        json.WriteString("request_id"u8, audited.RequestId);
        json.WriteString("action"u8, audited.Action);
        WriteUnlessEmpty(json, "resource"u8, audited.Resource);
        WriteUnlessEmpty(json, "candidates"u8, audited.Candidates);
        WriteUnlessEmpty(json, "denied_resource"u8, audited.DeniedResource);
        WriteUnlessEmpty(json, "context_sha256"u8, audited.ContextDigest);
        WriteUnlessEmpty(json, "context"u8, audited.Context);
        if (audited.Effect.Length > 0)
        {
            json.WriteString("decision"u8, audited.Allowed ? "allow"u8 : "deny"u8);
            json.WriteString("effect"u8, audited.Effect);
        }

        json.WriteString("reason_code"u8, audited.ReasonCode);
        WriteUnlessEmpty(json, "reason"u8, audited.Reason);
        WriteUnlessEmpty(json, "policy"u8, audited.Policy);
        if (audited.PolicyVersion != 0)
        {
            json.WriteNumber("policy_version"u8, audited.PolicyVersion);
        }

        json.WriteNumber("policy_epoch"u8, audited.PolicyEpoch);
        json.WriteString("rule_id"u8, audited.RuleId);
        if (audited.RuleIndex is { } index)
        {
            json.WriteNumber("rule_index"u8, index);
        }

        json.WriteNumber("evaluated_rules"u8, audited.EvaluatedRules);
        WriteUnlessEmpty(json, "obligations"u8, audited.Obligations);
        WriteCharges(json, audited.Charged);
        WriteUnlessEmpty(json, "reservation"u8, audited.Reservation);
        json.WriteString("key_id"u8, audited.KeyId);
        WriteIfSet(json, "dry_run"u8, audited.DryRun);
        WriteIfSet(json, "replayed"u8, audited.Replayed);
        WriteIfSet(json, "late"u8, audited.Late);
        if (audited.Redacted != RedactedKinds.None)
        {
            WriteUnlessEmpty(json, "redacted"u8, [.. audited.Redacted.ToWords()]);
        }

        WriteUnlessEmpty(json, "cut"u8, audited.Cut);
        json.WriteEndObject();
        json.Flush();
    }

    private static void WriteUnlessEmpty(Utf8JsonWriter json, ReadOnlySpan<byte> name, string text)
    {
        if (text.Length > 0)
        {
            json.WriteString(name, text);
        }
    }

    private static void WriteIfSet(Utf8JsonWriter json, ReadOnlySpan<byte> name, bool flag)
    {
        if (flag)
        {
            json.WriteBoolean(name, true);
        }
    }

    private static void WriteUnlessEmpty(Utf8JsonWriter json, ReadOnlySpan<byte> name, ImmutableArray<string> items)
    {
        if (items.IsEmpty)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }

    private static void WriteUnlessEmpty(Utf8JsonWriter json, ReadOnlySpan<byte> name, ImmutableArray<KeyValuePair<string, string>> pairs)
    {
        if (pairs.IsEmpty)
        {
            return;
        }

        json.WriteStartObject(name);
        foreach (var (key, value) in pairs)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteCharges(Utf8JsonWriter json, ImmutableArray<ChargedUnits> charges)
    {
        if (charges.IsEmpty)
        {
            return;
        }

        json.WriteStartArray("charged"u8);
        foreach (var charge in charges)
        {
            json.WriteStartObject();
            json.WriteString("policy"u8, charge.Policy);
            json.WriteString("limit"u8, charge.Limit);
            json.WriteString("metric"u8, charge.Metric);
            json.WriteNumber("units"u8, charge.Units);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
