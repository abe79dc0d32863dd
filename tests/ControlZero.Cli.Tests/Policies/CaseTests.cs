using System.Text.Json;

namespace ControlZero.Cli.Tests.Policies;

public sealed class CaseTests : CliTest
{
    private const string Policy = """{"name": "p", "rules": [{"id": "r", "effect": "allow", "action": "x:y"}]}""";

    private static string Case(string expect, string policies = $"[{Policy}]", string more = "") =>
        $$"""[{"name": "one", "policies": {{policies}}, "request": {"agent": "agent-1", "action": "x:y"}, "expect": {{expect}}{{more}}}]""";

    [Theory]
    [InlineData("policy-vectors.json")]
    [InlineData("corner-vectors.json")]
    [InlineData("timed-vectors.json")]
    public async Task Test_ConformanceVectors_AllPass(string file)
    {
        Environment.Clear();
        var vectors = Path.Combine(AppContext.BaseDirectory, "conformance", file);
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(vectors));
        var count = document.RootElement.GetArrayLength();

        var run = await RunAsync("policy", "test", vectors);

        Assert.Equal((0, $"{count} cases: {count} passed, 0 failed\n"), (run.ExitCode, run.Out));
    }

    [Fact]
    public async Task Test_WrongExpectation_PrintsWantedAndGot()
    {
        var file = Write("a.json", Case("""{"effect": "deny", "rule": "r", "rule_index": 1, "policy": null}"""));

        var run = await RunAsync("policy", "test", file);

        Assert.Equal(4, run.ExitCode);
        Assert.Equal(
            [
                "FAIL a.json: one",
                "    effect: wanted deny, got allow",
                "    rule_index: wanted 1, got 0",
                "    policy: wanted (none), got p",
                "1 case: 0 passed, 1 failed",
            ],
            run.Lines);
    }

    [Fact]
    public async Task Test_OfAPolicyInShadow_ComparesWhatItWouldDecide_BesideWhatIsDecided()
    {
        const string Both = $$"""[{{Policy}}, {"name": "next", "mode": "shadow", "priority": 1, "agents": "agent-1", "rules": [{"id": "stop", "deny": "x:y"}]}]""";
        var right = Write("a.json", Case("""{"effect": "allow", "rule": "r", "shadow_effect": "deny", "shadow_rule": "stop", "shadow_policy": "next", "shadow_reason_code": "RULE_MATCH"}""", Both));
        var wrong = Write("b.json", Case("""{"shadow_effect": null, "shadow_rule": "r"}""", Both));
        var without = Write("c.json", Case("""{"shadow_effect": null, "shadow_rule": null, "shadow_policy": null, "shadow_reason_code": null}"""));

        var run = await RunAsync("policy", "test", right, wrong, without);

        Assert.Equal(
            ["FAIL b.json: one", "    shadow_effect: wanted (none), got deny", "    shadow_rule: wanted r, got stop", "3 cases: 2 passed, 1 failed"], run.Lines);
    }

    [Fact]
    public async Task Test_Json_TellsEveryCase()
    {
        var run = await RunAsync("policy", "test", Write("a.json", Case("""{"effect": "deny"}""")), Write("b.json", Case("""{"effect": "allow"}""")), "--output", "json");

        Assert.Equal((4, 1, 1), (run.ExitCode, run.Json.GetProperty("passed").GetInt32(), run.Json.GetProperty("failed").GetInt32()));
        var failed = run.Json.GetProperty("cases")[0];
        Assert.Equal(("a.json", "one", false), (failed.GetProperty("file").GetString(), failed.GetProperty("name").GetString(), failed.GetProperty("passed").GetBoolean()));
        Assert.Equal("""{"field":"effect","wanted":"deny","got":"allow"}""", JsonSerializer.Serialize(failed.GetProperty("differences")[0]));
    }

    [Fact]
    public async Task Test_Folder_RunsItsCaseFilesBesideTheirPolicy()
    {
        Write("models/policy.yaml", "name: p\nrules:\n  - {id: r, effect: allow, action: 'x:y', when: {agent.labels.team: blue, request.time: {between: ['09:00', '10:00']}}}\n");
        Write("models/a.cases.yaml", """
            - name: in time
              policy_files: [policy.yaml]
              request: {agent: agent-1, action: 'x:y', labels: {team: blue}, time: '2026-11-23T10:30:00+01:00'}
              expect: {effect: allow, rule: r}
            - name: another team
              policy_files: [policy.yaml]
              request: {agent: agent-1, action: 'x:y', labels: {team: red}, time: '2026-11-23T09:30:00Z'}
              expect: {effect: deny}
            - name: without a time it is now
              policy_files: [policy.yaml]
              request: {agent: agent-1, action: 'x:y', labels: {team: blue}}
              expect: {effect: allow}
            """);
        Write("models/b.cases.json", Case("""{"effect": "warn", "reason_code": "NO_ACTIVE_POLICIES", "policy": null}""", "[]", """, "settings": {"default_on_empty": "warn"}"""));
        Write("models/notes.json", "no case file");

        var run = await RunAsync("policy", "test", "models");

        Assert.Equal((0, "4 cases: 4 passed, 0 failed\n"), (run.ExitCode, run.Out));
    }

    [Fact]
    public async Task Test_FolderWithoutCases_IsWrongUsage()
    {
        Write("empty/notes.json", "[]");

        var run = await RunAsync("policy", "test", "empty");

        Assert.Equal((2, ""), (run.ExitCode, run.Out));
    }

    [Theory]
    [InlineData("""{"error": "POLICY_INVALID"}""", "[{\"name\": \"p\"}]", 0)]
    [InlineData("""{"error": "POLICY_INVALID"}""", $"[{Policy}]", 4)]
    [InlineData("""{"effect": "deny"}""", "[{\"name\": \"p\"}]", 4)]
    public async Task Test_RefusedDocument_PassesOnlyWhereItIsExpected(string expect, string policies, int exitCode)
    {
        var run = await RunAsync("policy", "test", Write("a.json", Case(expect, policies)));

        Assert.Equal(exitCode, run.ExitCode);
    }

    [Fact]
    public async Task Test_RequestTheClusterWouldRefuse_Fails()
    {
        var run = await RunAsync("policy", "test", Write("a.json", Case("""{"effect": "allow"}""").Replace("agent-1", "Agent 1", StringComparison.Ordinal)));

        Assert.Equal(4, run.ExitCode);
        Assert.StartsWith("    ID_SYNTAX: request.agent_id: ", run.Lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"effect": "deny"}""", 0)]
    [InlineData("""{"effect": "allow"}""", 4)]
    [InlineData("""{"error": "CONTEXT_RESERVED"}""", 0)]
    public async Task Test_ContextThatClaimsAFactOfTheServers_IsDecidedWithoutIt(string expect, int exitCode)
    {
        var run = await RunAsync("policy", "test", Write("a.json", $$$"""
            [{"name": "one", "policies": [{"name": "p", "rules": [{"allow": "*", "when": {"agent_id": "admin"}}]}],
              "request": {"agent": "bot", "action": "x:y", "context": {"agent_id": "admin"}}, "expect": {{{expect}}}}]
            """));

        Assert.Equal(exitCode, run.ExitCode);
    }

    [Theory]
    [InlineData("""[{"name": "one", "request": {"agent": "a", "action": "x"}, "expect": {"efect": "allow"}}]""", "`[0].expect.efect` does not exist")]
    [InlineData("""[{"name": "one", "request": {"agent": "a", "action": "x"}, "expect": {}}]""", "`[0].expect` is empty: such a case cannot fail")]
    [InlineData("""[{"name": "one", "request": {"agent": "a", "action": "x"}}]""", "`[0].expect` is missing")]
    [InlineData("""[{"name": "one", "request": {"agent": "a", "action": "x"}, "expect": {"error": "E", "effect": "deny"}}]""", "has `error` and a decision")]
    [InlineData("""[{"name": "one", "policies": [], "policy_files": [], "request": {"agent": "a", "action": "x"}, "expect": {"effect": "deny"}}]""", "keep one of them")]
    [InlineData("""[{"name": "one", "request": {"agent": "a", "action": "x", "time": "2026-11-23T10:00:00"}, "expect": {"effect": "deny"}}]""", "is not an instant")]
    [InlineData("""[{"name": "one", "request": {"agent": "a", "action": "x"}, "settings": {"default_on_empty": "audit"}, "expect": {"effect": "deny"}}]""", "`audit` does not exist")]
    [InlineData("""[{"name": "one", "name": "two"}]""", "Duplicate property 'name'")]
    [InlineData("[]", "write at least one case")]
    [InlineData("[{", "LineNumber: 0")]
    [InlineData("- a: [", "line ")]
    public async Task Test_BrokenCaseFile_IsAFailureAndNotAPass(string text, string why)
    {
        var run = await RunAsync("policy", "test", Write("a.json", text));

        Assert.Equal((4, "FAIL a.json"), (run.ExitCode, run.Lines[0]));
        Assert.Contains(why, run.Lines[1], StringComparison.Ordinal);
        Assert.Equal("1 case: 0 passed, 1 failed", run.Lines[^1]);
    }
}
