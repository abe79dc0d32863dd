using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Policies;

public sealed class RuleParsingTests
{
    [Fact]
    public void Parse_FullRule_FillsInEveryField()
    {
        var rule = Parsing.AcceptRule("""
            {effect: warn, actions: [a, b.c], resource: "db/*", id: i, name: nm, reason: r, reason_code: MY_CODE, reason_localized: {de: "Nein", pt-BR: x},
             obligations: [log, {name: redact, parameters: {fields: [a, 1, null], deep: {open: true}}}], when: {k: v}}
            """);

        Assert.Equal((Effect.Warn, "a b.c", "db/*"), (rule.Effect, string.Join(' ', rule.Actions), string.Join(' ', rule.Resources)));
        Assert.Equal(("i", "nm", "r", "MY_CODE", 0), (rule.Id, rule.Name, rule.Reason, rule.ReasonCode, rule.Index));
        Assert.Equal(["de=Nein", "pt-BR=x"], rule.ReasonLocalized.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal(["log", "redact"], rule.Obligations.Select(obligation => obligation.Name));
        Assert.Null(rule.Obligations[0].Parameters);
        Assert.True(rule.Obligations[1].Parameters!.Find("deep")!.Find("open")!.Boolean);
        Assert.Equal(3, rule.Obligations[1].Parameters!.Find("fields")!.Items.Length);
        Assert.Single(rule.Conditions);
    }

    [Fact]
    public void Parse_MinimalPolicy_FillsInTheDefaults()
    {
        var policy = Parsing.Accept("{\"name\": \"p\", \"rules\": [{\"deny\": [\"a\", \"b\"]}]}");

        Assert.Equal(("p", "", 100, true, Effect.Deny), (policy.Name, policy.Description, policy.Priority, policy.Enabled, policy.DefaultAction));
        Assert.Empty(policy.Agents);
        Assert.Equal(Effect.Deny, policy.Rules[0].Effect);
        Assert.Equal("a b", string.Join(' ', policy.Rules[0].Actions));
        Assert.Empty(policy.Rules[0].Resources);
        Assert.Equal("rule-0", policy.Rules[0].ReportedId);
    }

    [Theory]
    [InlineData("default_action: warn", Effect.Warn)]
    [InlineData("settings: {default_action: allow}", Effect.Allow)]
    [InlineData("settings: {default_action: allow}\ndefault_action: warn", Effect.Warn)]
    public void Parse_DefaultAction_TopLevelWinsOverSettings(string fields, Effect expected) =>
        Assert.Equal(expected, Parsing.Accept($"name: p\nrules: [{{allow: a}}]\n{fields}").DefaultAction);

    [Theory]
    [InlineData("{allow: a, action: a}", "SAID_TWICE")]
    [InlineData("{allow: a, effect: allow}", "SAID_TWICE")]
    [InlineData("{effect: deny, deny: x}", "SAID_TWICE")]
    [InlineData("{effect: deny, action: x, actions: z}", "SAID_TWICE")]
    [InlineData("{deny: x, resource: a, resources: b}", "SAID_TWICE")]
    [InlineData("{allow: x, conditions: {}, when: {}}", "SAID_TWICE")]
    [InlineData("{allow: a, deny: b}", "RULE_SHAPE")]
    [InlineData("{action: a}", "RULE_SHAPE")]
    [InlineData("{effect: allow}", "FIELD_REQUIRED")]
    [InlineData("{effect: Allow, action: a}", "RULE_EFFECT_UNKNOWN")]
    [InlineData("{allow: ''}", "PATTERN_SYNTAX")]
    [InlineData("{allow: ' a'}", "PATTERN_SYNTAX")]
    [InlineData("{allow: '[z-a]'}", "PATTERN_SYNTAX")]
    [InlineData("{allow: '[]'}", "PATTERN_SYNTAX")]
    [InlineData("{allow: []}", "EMPTY_LIST")]
    [InlineData("{allow: [[a]]}", "FIELD_TYPE")]
    [InlineData("{allow: 5}", "FIELD_TYPE")]
    [InlineData("{allow: true}", "FIELD_TYPE")]
    [InlineData("{allow: }", "FIELD_TYPE")]
    [InlineData("{allow: Off}", "FIELD_TYPE")]
    [InlineData("{allow: y}", "FIELD_TYPE")]
    [InlineData("{allow: 007}", "FIELD_TYPE")]
    [InlineData("{allow: a, resource: []}", "EMPTY_LIST")]
    [InlineData("{allow: a, when: []}", "FIELD_TYPE")]
    [InlineData("{allow: a, when: }", "FIELD_TYPE")]
    [InlineData("{allow: a, reason_code: RULE_MATCH}", "REASON_CODE_RESERVED")]
    [InlineData("{allow: a, reason_code: lower}", "REASON_CODE_RESERVED")]
    [InlineData("{allow: a, id: 'synthetic:NO_RULE_MATCH'}", "FIELD_VALUE")]
    [InlineData("{allow: a, id: ''}", "FIELD_REQUIRED")]
    [InlineData("{allow: a, name: \"a\\u200bb\"}", "NAME_SYNTAX")]
    [InlineData("{allow: a, reason_localized: {'not a tag': x}}", "FIELD_VALUE")]
    [InlineData("{allow: a, reason_localized: x}", "FIELD_TYPE")]
    [InlineData("{allow: a, obligations: []}", "EMPTY_LIST")]
    [InlineData("{allow: a, obligations: log}", "FIELD_TYPE")]
    [InlineData("{allow: a, obligations: [{parameters: {}}]}", "FIELD_REQUIRED")]
    [InlineData("{allow: a, obligations: [{name: a, parameter: {}}]}", "UNKNOWN_FIELD")]
    [InlineData("{allow: a, obligations: [{name: a, parameters: 3}]}", "FIELD_TYPE")]
    [InlineData("{denny: x}", "RULE_SHAPE,UNKNOWN_FIELD")]
    public void Parse_RefusedRule_HasExactlyTheseErrors(string rule, string expected) => Assert.Equal(expected, string.Join(",", Parsing.RuleErrors(rule)));

    [Theory]
    [InlineData("version: 2", "VERSION_UNKNOWN")]
    [InlineData("version: '1.0'", "VERSION_UNKNOWN")]
    [InlineData("version: 1.0", "FIELD_TYPE")]
    [InlineData("version: on", "FIELD_TYPE")]
    [InlineData("version: [1]", "FIELD_TYPE")]
    [InlineData("priority: 2147483648", "NUMBER_RANGE")]
    [InlineData("priority: -2147483649", "NUMBER_RANGE")]
    [InlineData("priority: 1.5", "FIELD_TYPE")]
    [InlineData("priority: '1'", "FIELD_TYPE")]
    [InlineData("priority: 1e999", "NUMBER_RANGE")]
    [InlineData("enabled: yes", "FIELD_TYPE")]
    [InlineData("mode: audit", "FIELD_VALUE")]
    [InlineData("default_action: audit", "FIELD_VALUE")]
    [InlineData("settings: {default_acton: deny}", "UNKNOWN_FIELD")]
    [InlineData("settings: deny", "FIELD_TYPE")]
    [InlineData("agents: []", "EMPTY_LIST")]
    [InlineData("agents: ['[']", "PATTERN_SYNTAX")]
    [InlineData("description: 5", "FIELD_TYPE")]
    [InlineData("<<: {enabled: false}", "UNKNOWN_FIELD")]
    [InlineData("? [a]\n: b", "FIELD_TYPE")]
    public void Parse_RefusedField_HasExactlyThisError(string field, string expected) =>
        Assert.Equal([expected], Parsing.Codes($"name: p\nrules: [{{allow: a}}]\n{field}"));

    [Theory]
    [InlineData("version: 1")]
    [InlineData("version: \"1\"")]
    [InlineData("priority: -2147483648")]
    [InlineData("enabled: false")]
    [InlineData("mode: enforce")]
    [InlineData("mode: shadow")]
    [InlineData("agents: bot-*")]
    [InlineData("agents: [a, 'b-[0-9]']")]
    [InlineData("description: ''")]
    public void Parse_AcceptedField_HasNoFinding(string field) => Assert.Empty(Parsing.Warnings($"name: p\nrules: [{{allow: a}}]\n{field}"));

    [Theory]
    [InlineData("default_on_missing: deny")]
    [InlineData("settings: {default_on_tamper: deny}")]
    [InlineData("tamper_behavior: 3")]
    [InlineData("settings: {default_on_empty: }")]
    public void Parse_SettingOfControlZero_LoadsWithAWarning(string field) =>
        Assert.Equal(["SETTING_NOT_APPLICABLE"], Parsing.Warnings($"name: p\nrules: [{{allow: a}}]\n{field}"));

    [Theory]
    [InlineData("name: ''", "FIELD_REQUIRED")]
    [InlineData("name: 'a '", "NAME_SYNTAX")]
    [InlineData("name: \"a\\u202eb\"", "NAME_SYNTAX")]
    [InlineData("name: \"a\\nb\"", "NAME_SYNTAX")]
    [InlineData("name: null", "FIELD_TYPE")]
    [InlineData("description: x", "FIELD_REQUIRED")]
    public void Parse_RefusedName_HasExactlyThisError(string field, string expected) =>
        Assert.Equal([expected], Parsing.Codes($"{field}\nrules: [{{allow: a}}]"));

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void Parse_NameAtItsLimit_IsAcceptedAndNotBeyond(int length, bool accepted) =>
        Assert.Equal(accepted ? [] : ["FIELD_TOO_LONG"], Parsing.Codes($"name: {new string('n', length)}\nrules: [{{allow: a}}]"));

    [Theory]
    [InlineData(256, 64, true)]
    [InlineData(257, 1, false)]
    [InlineData(1, 65, false)]
    public void Parse_PatternsAtTheirLimits_AreAcceptedAndNotBeyond(int length, int count, bool accepted)
    {
        var patterns = string.Join(",", Enumerable.Repeat(new string('x', length), count));

        Assert.Equal(accepted, PolicyParser.Parse($"name: p\nrules: [{{allow: [{patterns}]}}]").IsValid);
    }

    [Theory]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public void Parse_RulesAtTheirLimit_AreAcceptedAndNotBeyond(int count, bool accepted)
    {
        var rules = string.Concat(Enumerable.Range(0, count).Select(number => $"- allow: a{number}\n"));

        Assert.Equal(accepted, PolicyParser.Parse($"name: p\nrules:\n{rules}").IsValid);
    }
}
