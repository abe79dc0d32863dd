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
            Shadow = root.TryGetProperty("shadow", out var shadow) ? ReadShadow(shadow) : null,
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

    // Anything that is not plain ASCII becomes an escape.
    private static void WriteAsItIs(AuditEvent audited, EventBuffer to)
    {
        var json = new JsonMembers(to);
        json.Text("{\"kind\":\""u8, audited.Kind.ToWord());
        json.Text(",\"decision_id\":\""u8, audited.DecisionId);
        json.Text(",\"agent\":\""u8, audited.Agent);
        json.Text(",\"request_id\":\""u8, audited.RequestId);
        json.Text(",\"action\":\""u8, audited.Action);
        json.TextUnlessEmpty(",\"resource\":\""u8, audited.Resource);
        json.ItemsUnlessEmpty(",\"candidates\":["u8, audited.Candidates.AsSpan());
        json.TextUnlessEmpty(",\"denied_resource\":\""u8, audited.DeniedResource);
        json.TextUnlessEmpty(",\"context_sha256\":\""u8, audited.ContextDigest);
        json.PairsUnlessEmpty(",\"context\":{"u8, audited.Context.AsSpan());
        if (audited.Effect.Length > 0)
        {
            json.Text(audited.Allowed ? ",\"decision\":\"allow\",\"effect\":\""u8 : ",\"decision\":\"deny\",\"effect\":\""u8, audited.Effect);
        }

        json.Text(",\"reason_code\":\""u8, audited.ReasonCode);
        json.TextUnlessEmpty(",\"reason\":\""u8, audited.Reason);
        json.TextUnlessEmpty(",\"policy\":\""u8, audited.Policy);
        if (audited.PolicyVersion != 0)
        {
            json.Number(",\"policy_version\":"u8, audited.PolicyVersion);
        }

        json.Number(",\"policy_epoch\":"u8, audited.PolicyEpoch);
        json.Text(",\"rule_id\":\""u8, audited.RuleId);
        if (audited.RuleIndex is { } index)
        {
            json.Number(",\"rule_index\":"u8, index);
        }

        json.Number(",\"evaluated_rules\":"u8, audited.EvaluatedRules);
        WriteShadow(json, audited.Shadow);
        json.ItemsUnlessEmpty(",\"obligations\":["u8, audited.Obligations.AsSpan());
        WriteCharges(json, audited.Charged);
        json.TextUnlessEmpty(",\"reservation\":\""u8, audited.Reservation);
        json.Text(",\"key_id\":\""u8, audited.KeyId);
        json.Raw(audited.DryRun ? ",\"dry_run\":true"u8 : []);
        json.Raw(audited.Replayed ? ",\"replayed\":true"u8 : []);
        json.Raw(audited.Late ? ",\"late\":true"u8 : []);
        if (audited.Redacted != RedactedKinds.None)
        {
            json.ItemsUnlessEmpty(",\"redacted\":["u8, [.. audited.Redacted.ToWords()]);
        }

        json.PairsUnlessEmpty(",\"cut\":{"u8, audited.Cut.AsSpan());
        json.Raw("}"u8);
    }

    private static ShadowRecord ReadShadow(JsonElement shadow) => new(
        shadow.GetProperty("decision").GetString() == "allow",
        shadow.GetProperty("effect").GetString()!,
        shadow.GetProperty("reason_code").GetString()!,
        shadow.TryGetProperty("policy", out var policy) ? policy.GetString()! : "",
        shadow.TryGetProperty("policy_version", out var version) ? version.GetInt64() : 0,
        shadow.GetProperty("rule_id").GetString()!);

    private static void WriteShadow(JsonMembers json, ShadowRecord? shadow)
    {
        if (shadow is null)
        {
            return;
        }

        json.Text(
            shadow.Allowed ? ",\"shadow\":{\"decision\":\"allow\",\"effect\":\""u8 : ",\"shadow\":{\"decision\":\"deny\",\"effect\":\""u8, shadow.Effect);
        json.Text(",\"reason_code\":\""u8, shadow.ReasonCode);
        json.TextUnlessEmpty(",\"policy\":\""u8, shadow.Policy);
        if (shadow.PolicyVersion != 0)
        {
            json.Number(",\"policy_version\":"u8, shadow.PolicyVersion);
        }

        json.Text(",\"rule_id\":\""u8, shadow.RuleId);
        json.Raw("}"u8);
    }

    private static void WriteCharges(JsonMembers json, ImmutableArray<ChargedUnits> charges)
    {
        for (var index = 0; index < charges.Length; index++)
        {
            json.Text(index == 0 ? ",\"charged\":[{\"policy\":\""u8 : ",{\"policy\":\""u8, charges[index].Policy);
            json.Text(",\"limit\":\""u8, charges[index].Limit);
            json.Text(",\"metric\":\""u8, charges[index].Metric);
            json.Number(",\"units\":"u8, charges[index].Units);
            json.Raw(index == charges.Length - 1 ? "}]"u8 : "}"u8);
        }
    }
}
