using ControlZero.Cli.Policies.Diff;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;

namespace ControlZero.Cli.Tests.Policies;

public sealed class PolicyComparisonTests
{
    private const string Rules = "name: p\nrules:\n- {id: a, allow: x, resource: r/a}\n- {id: b, deny: x, resource: r/b}\n- {id: c, allow: w}\n- {id: d, allow: z}\n";

    public static TheoryData<string, string> SameMeaning() => new()
    {
        { "name: p\nrules: [{allow: [x, 'v:*'], resource: [r/a, r/b]}]", "# why\nrules:\n  - resource: [r/b, r/a, r/a]\n    actions: ['v:*', x]   # all of them\n    effect: allow\nname: 'p'\n" },
        { "name: p\nrules: [{deny: x}]", """{"version":"1","rules":[{"action":"x","effect":"deny","resource":"*"}],"name":"p","priority":100,"enabled":true,"agents":["*"],"mode":"enforce","default_action":"deny"}""" },
        { "name: p\nsettings: {default_action: warn}\nrules: [{allow: x}]", "name: p\ndefault_action: warn\nrules: [{allow: x}]" },
        { "name: p\nrules: [{allow: x, when: {env: prod, n: {gt: 1, lt: 2.5}}}]", "name: p\nrules: [{allow: x, conditions: {n: {lt: 2.50, gt: 1.0}, env: {glob: [prod]}}}]" },
        { "name: p\nrules: [{allow: x, when: {n: {in: [1, two, true]}}}]", "name: p\nrules: [{allow: x, when: {n: {in: [true, 1.0, two]}}}]" },
        { "name: p\nrules: [{allow: x, obligations: [{name: o, parameters: {a: 1, b: [2]}}]}]", "name: p\nrules: [{allow: x, obligations: [{parameters: {b: [2], a: 1}, name: o}]}]" },
        {
            "name: p\nrules: [{allow: x}]\nlimits: [{name: l, metric: cost_usd, limit: 5, window: 1m}, {name: m, metric: requests, limit: 1, window: day}]",
            "name: p\nrules: [{allow: x}]\nlimits: [{name: m, window: day, metric: requests, limit: 1, timezone: UTC, action: '*'}, {name: l, per: agent, metric: cost_usd, limit: 5.00, window: 60s, resource: '*', hold: 10m}]"
        },
    };

    [Theory]
    [MemberData(nameof(SameMeaning))]
    public void Documents_ThatMeanTheSame_HaveNoChange(string was, string becomes)
    {
        Assert.Empty(PolicyComparison.Of(Parse(was), Parse(becomes)));
        Assert.Empty(PolicyComparison.Of(Parse(becomes), Parse(was)));
    }

    public static TheoryData<string, string> Changes() => new()
    {
        { Rules.Replace("id: b, deny: x", "id: b, warn: x", StringComparison.Ordinal).Replace("warn: x", "effect: warn, action: x", StringComparison.Ordinal), "changed b: effect deny > warn" },
        { Rules.Replace("r/a}", "[r/a, 'r/x']}", StringComparison.Ordinal), "changed a: resource [r/a] > [r/a,r/x]" },
        { Rules.Replace("r/a}", "r/a, when: {env: prod}}", StringComparison.Ordinal), "changed a: when.env.glob > [prod]" },
        { Rules + "- {id: e, allow: q}\n", "added e at  > 4: action > [q], effect > allow, id > e" },
        { Rules.Replace("- {id: b, deny: x, resource: r/b}\n", "", StringComparison.Ordinal), "removed b at 1 > : action [x] >, effect deny >, id b >, resource [r/b] >" },
        { Rules.Replace("- {id: a, allow: x, resource: r/a}\n", "", StringComparison.Ordinal) + "- {id: a, allow: x, resource: r/a}\n", "moved a at 0 > 3" },
        { Rules.Replace("- {id: a, allow: x, resource: r/a}\n", "", StringComparison.Ordinal) + "- {id: a, deny: x, resource: r/a}\n", "changed a at 0 > 3: effect allow > deny" },
        { Rules.Replace("id: c", "id: sea", StringComparison.Ordinal), "changed sea: id c > sea" },
        { Rules.Replace("id: c, ", "", StringComparison.Ordinal), "changed rule-2: id c >" },
        { Rules + "priority: 7\ndefault_action: warn\nagents: [t-*]\nenabled: false\n", "changed p: agents > [t-*], default_action deny > warn, enabled true > false, priority 100 > 7" },
        { Rules + "limits: [{name: l, metric: cost_usd, limit: 0.5, window: week, timezone: Europe/Berlin}]\n", "added l: limit > 0.5, metric > cost_usd, per > agent, timezone > Europe/Berlin, window > week" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Change_IsToldByIdPlaceAndField(string becomes, string told) => Assert.Equal([told], Tell(Rules, becomes));

    [Fact]
    public void Rules_WithoutIdOrName_AreKnownByWhatTheySay_SoThatOneMoreMovesNone()
    {
        const string was = "name: p\nrules: [{allow: a}, {allow: b}, {deny: c}, {allow: d}]";

        Assert.Equal(["added rule-0 at  > 0: action > [m], effect > allow"], Tell(was, was.Replace("[{allow: a}", "[{allow: m}, {allow: a}", StringComparison.Ordinal)));
        Assert.Equal(["changed rule-2: effect deny > allow"], Tell(was, was.Replace("deny: c", "allow: c", StringComparison.Ordinal)));
        Assert.Equal(["moved rule-0 at 3 > 0"], Tell(was, "name: p\nrules: [{allow: d}, {allow: a}, {allow: b}, {deny: c}]"));
        Assert.Equal(
            ["removed rule-1 at 1 > : action [b] >, effect allow >", "added rule-1 at  > 1: action > [e], effect > deny"],
            Tell(was, was.Replace("allow: b", "deny: e", StringComparison.Ordinal)));
    }

    [Fact]
    public void Rules_OfOneId_ArePairedInTheirOrder() =>
        Assert.Equal(["changed a: effect allow > deny"], Tell("name: p\nrules: [{id: a, allow: x}, {id: a, allow: w}]", "name: p\nrules: [{id: a, allow: x}, {id: a, deny: w}]"));

    [Fact]
    public void Rules_ThatSwapPlaces_AreOneMove_AndAReversedListAllButOne()
    {
        Assert.Equal(["moved a at 0 > 1"], Tell("name: p\nrules: [{id: a, allow: x}, {id: b, deny: x}]", "name: p\nrules: [{id: b, deny: x}, {id: a, allow: x}]"));
        Assert.Equal(3, Tell(Rules, "name: p\nrules:\n" + string.Join('\n', Rules.TrimEnd().Split('\n').Skip(2).Reverse())).Count);
    }

    // A field that is added to the documents and not to the comparison would be a change that nobody is told of.
    [Theory]
    [InlineData(typeof(PolicyDocument), "", "description: d", "priority: 1", "enabled: false", "mode: shadow", "agents: [a]", "default_action: allow", "limits: [{name: l, metric: requests, limit: 1, window: 1m}]")]
    [InlineData(typeof(PolicyRule), "rule", "effect: warn", "action: q", "resource: r", "when: {k: v}", "id: i", "name: a name", "reason: r", "reason_localized: {en: r}", "reason_code: CODE", "obligations: [{name: o}]")]
    [InlineData(
        typeof(QuotaLimit), "limit", "per: tenant", "metric: input_tokens", "limit: 2", "window: 2m", "action: q", "resource: r", "default_estimate: 1", "fallback_price: {input: 1, output: 2}", "hold: 1m")]
    public void EveryFieldOfADocument_IsCompared(Type type, string part, params string[] fields)
    {
        // Name and Rules of a policy have tests above; a limit's Key is its parts; what a field is made of or leads to is none.
        string[] others = type == typeof(PolicyDocument) ? ["Name", "Rules"] : type == typeof(PolicyRule) ? ["Index", "ReportedId"] : ["Key", "Fingerprint"];
        Assert.Equal(type.GetProperties().Where(property => property.GetMethod!.IsPublic && !property.GetMethod.IsStatic).Select(property => property.Name).Except(others).Count(), fields.Length);
        foreach (var field in fields)
        {
            var change = Assert.Single(PolicyComparison.Of(Parse(With("")), Parse(With(field))));
            Assert.Contains(change.Fields.Select(each => each.Field.Split('.')[0]).Append(change.Part + "s"), name => name == field.Split(':')[0]);
        }

        string With(string field) => part switch
        {
            "rule" => $"name: p\nrules:\n- {Merge("effect: allow|action: x|id: z", field)}",
            "limit" => $"name: p\nrules: [{{allow: x}}]\nlimits:\n- {Merge("name: l|metric: cost_usd|limit: 1|window: 1m", field)}",
            _ => $"name: p\nrules: [{{allow: x}}]\n{field}",
        };

        static string Merge(string lines, string field) =>
            string.Join("\n  ", lines.Split('|').Where(line => line.Split(':')[0] != field.Split(':')[0]).Append(field).Where(line => line.Length > 0));
    }

    private static List<string> Tell(string was, string becomes) => [.. PolicyComparison.Of(Parse(was), Parse(becomes)).Select(Tell)];

    private static string Tell(PolicyChange change)
    {
        var place = change.Moved || (change.Part == "rule" && change.Change is "added" or "removed") ? $" at {change.WasAt} > {change.BecomesAt}" : "";
        var fields = change.Fields.Select(field => $"{field.Field} {Text(field.Was)} > {Text(field.Becomes)}".Replace("  ", " ", StringComparison.Ordinal).TrimEnd());
        return $"{change.Change} {change.Id}{place}{(change.Fields.Count == 0 ? "" : $": {string.Join(", ", fields)}")}";

        static string Text(System.Text.Json.Nodes.JsonNode? value) => value?.ToJsonString().Replace("\"", "", StringComparison.Ordinal) ?? "";
    }

    private static PolicyDocument Parse(string text)
    {
        var parsed = PolicyParser.Parse(text);
        return parsed.Document ?? throw new ArgumentException($"{text}: {string.Join(", ", parsed.Diagnostics.Select(finding => finding.Message))}");
    }
}
