using System.Globalization;
using System.Text.Json;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using CsvHelper;
using CsvHelper.Configuration;

namespace ControlZero.Cli.Audit;

/// <summary>
/// Events as CSV (RFC 4180, UTF-8). A cell that a spreadsheet would take for a formula, by its first character, has a <c>'</c> before it: agents and
/// policies write these texts, and whoever opens the file runs them.
/// </summary>
internal static class EventCsv
{
    private static readonly CsvConfiguration Form = new(CultureInfo.InvariantCulture)
    {
        NewLine = "\r\n",
        InjectionOptions = InjectionOptions.Escape,
        InjectionCharacters = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'],
    };

    // Names are stable. Lists have spaces between them, maps are JSON.
    private static readonly (string Name, Func<AuditEvent, string> Of)[] Columns =
    [
        ("time", audited => Shapes.Instant(audited.Time) ?? ""),
        ("kind", audited => audited.Kind.ToString().ToLowerInvariant()),
        ("decision_id", audited => audited.DecisionId),
        ("agent_id", audited => audited.AgentId),
        ("request_id", audited => audited.RequestId),
        ("action", audited => audited.Action),
        ("resource", audited => audited.Resource),
        ("candidate_resources", audited => string.Join(' ', audited.CandidateResources)),
        ("denied_resource", audited => audited.DeniedResource),
        ("context_sha256", audited => audited.ContextSha256),
        ("context", audited => EventShapes.Map(audited.Context)),
        ("decision", audited => Shapes.Word(audited.Decision)),
        ("effect", audited => audited.Effect),
        ("reason_code", audited => audited.ReasonCode),
        ("reason", audited => audited.Reason),
        ("policy", audited => audited.Policy),
        ("policy_version", audited => Number(audited.PolicyVersion)),
        ("policy_epoch", audited => audited.PolicyEpoch.ToString(CultureInfo.InvariantCulture)),
        ("rule_id", audited => audited.RuleId),
        ("rule_index", audited => audited.HasRuleIndex ? Number(audited.RuleIndex) : ""),
        ("evaluated_rules", audited => Number(audited.EvaluatedRules)),
        ("obligations", audited => string.Join(' ', audited.Obligations)),
        ("charged", audited => string.Join(' ', audited.Charged.Select(charge => $"{charge.Policy}/{charge.Limit}:{charge.Metric}:{Number(charge.Units)}"))),
        ("reservation", audited => audited.Reservation),
        ("key_id", audited => audited.KeyId),
        ("dry_run", audited => Flag(audited.DryRun)),
        ("replayed", audited => Flag(audited.Replayed)),
        ("late", audited => Flag(audited.Late)),
        ("redacted", audited => string.Join(' ', audited.Redacted)),
        ("cut", audited => EventShapes.Map(audited.Cut)),
        ("silo", audited => audited.Silo),
        ("generation", audited => Number(audited.Generation)),
        ("sequence", audited => Number(audited.Sequence)),
        ("shadow", audited => audited.Shadow is { } shadow ? JsonSerializer.Serialize(ShadowRow.Of(shadow)) : ""),
    ];

    /// <summary>Writes rows, after the names of the columns if they are the first.</summary>
    public static void Write(TextWriter to, IEnumerable<AuditEvent> events, bool isFirst)
    {
        using var csv = new CsvWriter(to, Form, leaveOpen: true);
        if (isFirst)
        {
            foreach (var (name, _) in Columns)
            {
                csv.WriteField(name);
            }

            csv.NextRecord();
        }

        foreach (var audited in events)
        {
            foreach (var (_, of) in Columns)
            {
                csv.WriteField(of(audited));
            }

            csv.NextRecord();
        }
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Flag(bool flag) => flag ? "true" : "false";
}
