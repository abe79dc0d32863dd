namespace ControlZero.Engine.Tests.Policies;

public sealed class PolicyLintTests
{
    [Theory]
    [InlineData("[{allow: '*'}, {deny: 'delete_*'}]", "DENY_AFTER_CATCH_ALL,RULE_UNREACHABLE")]
    [InlineData("[{allow: '*'}, {deny: 'delete_*', resource: 'db/*'}]", "DENY_AFTER_CATCH_ALL,RULE_UNREACHABLE")]
    [InlineData("[{allow: 'llm.*'}, {allow: 'llm:generate'}]", "RULE_UNREACHABLE")]
    [InlineData("[{allow: 'llm:*'}, {allow: 'llm.generate'}]", "")]
    [InlineData("[{allow: a, resource: 'model/*'}, {allow: a, resource: [model/x, model/y]}]", "RULE_UNREACHABLE")]
    [InlineData("[{allow: a, resource: 'model/*'}, {allow: a}]", "")]
    [InlineData("[{allow: a, resource: [x, '*']}, {allow: a, resource: z}]", "RULE_UNREACHABLE")]
    [InlineData("[{allow: a, when: {agent_id: x}}, {allow: a}]", "")]
    [InlineData("[{allow: a}, {allow: a, when: {agent_id: x}}]", "RULE_UNREACHABLE")]
    [InlineData("[{allow: [a, b]}, {allow: [b, a]}]", "RULE_UNREACHABLE")]
    [InlineData("[{allow: [a, b]}, {allow: [b, c]}]", "")]
    [InlineData("[{deny: a}, {allow: a}, {allow: b}]", "RULE_UNREACHABLE")]
    [InlineData("[{deny: A}, {allow: a}]", "")]
    public void Lint_LaterRule_IsUnreachableOnlyWhenAnEarlierOneLeavesItNothing(string rules, string expected) => AssertWarnings(rules, expected);

    [Theory]
    [InlineData("[{allow: 'delete_*'}, {deny: delete_all}]")]
    [InlineData("[{allow: a, resource: 'model/*'}, {deny: a, resource: 'model/x'}]")]
    [InlineData("[{allow: '*', resource: 'model/*'}, {deny: '*', resource: 'model/x'}]")]
    public void Lint_DenyThatOtherSpellingsOrAbsentResourcesStillReach_IsTooLateButNotUnreachable(string rules) => AssertWarnings(rules, "DENY_AFTER_CATCH_ALL");

    [Theory]
    [InlineData("[{deny: a}]", "POLICY_ALLOWS_NOTHING")]
    [InlineData("[{deny: '*'}, {allow: a}]", "POLICY_ALLOWS_NOTHING,RULE_UNREACHABLE")]
    [InlineData("[{effect: audit, action: a}]", "")]
    [InlineData("[{deny: a}]\ndefault_action: allow", "")]
    public void Lint_PolicyThatPermitsNothing_IsWarnedOf(string rules, string expected) => AssertWarnings(rules, expected);

    [Theory]
    [InlineData("{deny: a, when: {env: prod}}", "DENY_ON_CALLER_CONTEXT")]
    [InlineData("{deny: a, when: {env: {not: dev}}}", "DENY_ON_CALLER_CONTEXT")]
    [InlineData("{deny: a, when: {env: {exists: true}}}", "DENY_ON_CALLER_CONTEXT")]
    [InlineData("{deny: a, when: {env: {exists: false}}}", "")]
    [InlineData("{deny: a, when: {env: prod, agent_id: x}}", "")]
    [InlineData("{deny: a, when: {agent.labels.team: x}}", "")]
    [InlineData("{deny: a, when: {request.time: {weekdays: [sun]}}}", "")]
    [InlineData("{allow: b, when: {env: prod}}", "")]
    public void Lint_DenyOnCallerContextAlone_IsWarnedOf(string rule, string expected) => AssertWarnings($"[{rule}, {{allow: z}}]", expected);

    [Theory]
    [InlineData("[{allow: a, id: x}, {allow: b, name: x}]", "RULE_ID_TWICE")]
    [InlineData("[{allow: a}, {allow: b, id: rule-0}]", "RULE_ID_TWICE")]
    [InlineData("[{allow: a, id: x, name: same}, {allow: b, id: z, name: same}]", "")]
    public void Lint_TwoRulesWithOneReportedId_IsWarnedOf(string rules, string expected) => AssertWarnings(rules, expected);

    [Theory]
    [InlineData("Model/x", "PATTERN_UNMATCHABLE")]
    [InlineData("//model/x", "PATTERN_UNMATCHABLE")]
    [InlineData("model/*", "")]
    [InlineData("model/./x", "error")]
    [InlineData("model/..", "error")]
    [InlineData("model/a//b", "error")]
    [InlineData("model/a/", "error")]
    [InlineData("model/", "error")]
    [InlineData("model/a b", "error")]
    [InlineData("model/é", "error")]
    [InlineData("model/a%2Fb", "error")]
    [InlineData("model/a\\b", "error")]
    [InlineData("model/[*]", "error")]
    [InlineData("model/a]", "error")]
    [InlineData("model/]*", "error")]
    [InlineData("model/[!]]x", "")]
    [InlineData("model/[]é]x", "error")]
    [InlineData("model/[é-ü]", "error")]
    [InlineData("model/[!a]", "")]
    [InlineData("model/[a/]x", "")]
    [InlineData("model/...x/?", "")]
    [InlineData("file:///é//x/", "")]
    public void Parse_ModelPatternThatMatchesNoAcceptableResource_IsReported(string pattern, string expected)
    {
        var document = $"name: p\nrules: [{{allow: a, resource: '{pattern}'}}]";

        if (expected == "error")
        {
            Assert.Equal(["PATTERN_UNMATCHABLE"], Parsing.RuleErrors($"{{allow: a, resource: '{pattern}'}}"));
        }
        else
        {
            Assert.Equal(expected, string.Join(",", Parsing.Warnings(document)));
        }
    }

    private static void AssertWarnings(string rules, string expected) => Assert.Equal(expected, string.Join(",", Parsing.Warnings($"name: p\nrules: {rules}")));
}
