using System.Text.Json;
using ControlZero.Integration.Tests.Clients;
using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Cli;

/// <summary><c>cz</c> as a person or a script uses it, against a real server.</summary>
public sealed class CommandLineTests(QuickstartServer quickstart) : IClassFixture<QuickstartServer>, IDisposable
{
    private const string Policy = """
        name: searching
        agents: ["seeker-*"]
        rules:
          - id: search
            allow: tool:search
          - id: rest
            deny: "*"
        """;

    private const string Cases = """
        - name: searching is allowed
          policy_files: [searching.yaml]
          request: {agent: seeker-1, action: tool:search}
          expect: {effect: allow, rule: search}
        """;

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task PolicyValidate_GoodAndBadDocument_ExitCodeTells()
    {
        var good = _scratch.Write("good.yaml", Policy);
        var bad = _scratch.Write("bad.yaml", Policy.Replace("rules:", "ruels:", StringComparison.Ordinal));

        (await CzAsync("policy", "validate", good, "--server")).With(exitCode: 0);
        var here = (await CzAsync("policy", "validate", bad)).With(exitCode: 4);
        var there = (await CzAsync("policy", "validate", bad, "--server")).With(exitCode: 4);

        Assert.Contains("did you mean `rules`?", here.Output, StringComparison.Ordinal);
        Assert.Equal(here.Output, there.Output);
    }

    [Fact]
    public async Task PolicyTest_CasesBesidePolicy_RunWithoutServer()
    {
        _scratch.Write("searching.yaml", Policy);
        _scratch.Write("searching.cases.yaml", Cases);
        var passed = (await CzAsync("policy", "test", _scratch.FullName)).With(exitCode: 0);

        _scratch.Write("searching.yaml", Policy.Replace("allow: tool:search", "deny: tool:search", StringComparison.Ordinal));
        var failed = (await CzAsync("policy", "test", _scratch.FullName)).With(exitCode: 4);

        Assert.Contains("1 case: 1 passed, 0 failed", passed.Lines);
        Assert.Contains("effect: wanted allow, got deny", failed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_FromPublishToDecision_IsWhatWasPublished()
    {
        var file = _scratch.Write("searching.yaml", Policy);

        var published = Json((await CzAsync("policy", "publish", file, "--expected-version", "0", "--output", "json")).With(exitCode: 0));
        (await CzAsync("policy", "publish", _scratch.Write("next.yaml", Policy + "\n"), "--expected-version", "0")).With(exitCode: 6);
        var list = Json((await CzAsync("policy", "list", "--output", "json")).With(exitCode: 0));
        var shown = (await CzAsync("policy", "show", "searching")).With(exitCode: 0);

        Assert.Equal(1, published.GetProperty("policy").GetProperty("version").GetInt64());
        Assert.Equal(
            ["openrouter-model-policy", "searching"],
            list.GetProperty("policies").EnumerateArray().Select(policy => policy.GetProperty("name").GetString()!).Order());
        Assert.Equal(Policy, shown.Output.TrimEnd('\n'));
        (await CzAsync("agent", "put", "seeker-1")).With(exitCode: 0);
        (await CzAsync("enforce", "--agent", "seeker-1", "--action", "tool:search")).With(exitCode: 0);
        (await CzAsync("enforce", "--agent", "seeker-1", "--action", "tool:delete")).With(exitCode: 3);
        var usage = Json((await CzAsync("usage", "seeker-1", "--output", "json")).With(exitCode: 0));
        Assert.Equal((1, 1), (usage.GetProperty("allowed").GetInt64(), usage.GetProperty("denied").GetInt64()));
    }

    [Fact]
    public async Task Enforce_WithoutServerOrKey_IsNeitherAllowNorDeny()
    {
        string[] question = ["enforce", "--agent", "a", "--action", "llm.generate"];

        (await CzAsync([.. question, "--url", "http://127.0.0.1:1", "--timeout", "2s"])).With(exitCode: 1);
        (await CzAsync([.. question, "--key", "cz_live_wrong"])).With(exitCode: 5);
        (await CzAsync("enforce", "--agent", "a")).With(exitCode: 2);
    }

    [Fact]
    public async Task Explain_DeniedModel_ShowsEveryRuleTried()
    {
        var run = await CzAsync(
            "explain", "--agent", QuickstartServer.Agent, "--action", "llm.generate", "--resource", "model/google/gemini-pro", "--output", "json");

        var trials = Json(run.With(exitCode: 0)).GetProperty("trials").EnumerateArray()
            .Select(trial => $"{trial.GetProperty("rule_id")} {trial.GetProperty("outcome")}");
        Assert.Equal(
            ["rule-0 resource_differs", "rule-1 resource_differs", "rule-2 resource_differs", "rule-3 resource_differs", "rule-4 matched"],
            trials);
    }

    [Fact]
    public async Task KeyCreate_PrintedKey_WorksForItsAgentOnlyAndUntilRevoked()
    {
        var created = (await CzAsync("key", "create", "--scopes", "enforce", "--agents", QuickstartServer.Agent)).With(exitCode: 0);
        var key = created.Lines.Single();
        string[] question = ["enforce", "--key", key, "--action", "llm.generate", "--resource", $"model/{QuickstartServer.Models[0]}"];

        (await CzAsync(question)).With(exitCode: 0);
        (await CzAsync([.. question, "--agent", "somebody-else"])).With(exitCode: 5);
        (await CzAsync("policy", "list", "--key", key)).With(exitCode: 5);
        (await CzAsync("key", "revoke", key.Split('_')[2])).With(exitCode: 0);
        (await CzAsync(question)).With(exitCode: 5);

        Assert.DoesNotContain(key, created.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private static JsonElement Json(Ended run) => JsonDocument.Parse(run.Output).RootElement;

    private Task<Ended> CzAsync(params string[] arguments)
    {
        var environment = new Dictionary<string, string> { ["CONTROLZERO_URL"] = quickstart.Server.Url };
        var keyed = arguments.Contains("--key") ? [] : new[] { "--key-file", Path.Combine(quickstart.Server.Data, "admin.key") };
        return ChildProcess.RunAsync(Repository.Cli, [.. arguments, .. keyed], environment, _scratch.FullName);
    }
}
