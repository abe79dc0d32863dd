using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Tests.Policies;

public sealed class ValidateTests : CliTest
{
    private const string Good = """{ "name": "p", "rules": [ { "effect": "allow", "action": "x" } ] }""";
    private const string Broken = "name: p\nrules:\n  - {effect: permit, action: x}\n";

    [Fact]
    public async Task Validate_GoodDocument_IsFineWithoutAConnection()
    {
        Environment.Clear();

        var run = await RunAsync("policy", "validate", Write("good.json", Good));

        Assert.Equal((0, "", "1 document: 0 errors, 0 warnings\n"), (run.ExitCode, run.Out, run.Error));
    }

    [Fact]
    public async Task Validate_RefusedDocument_PrintsPlaceCodeMessageAndRemedy()
    {
        var run = await RunAsync("policy", "validate", Write("good.json", Good), Write("broken.yaml", Broken));

        Assert.Equal(4, run.ExitCode);
        Assert.StartsWith("broken.yaml:3:14 error RULE_EFFECT_UNKNOWN ", run.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("    ", run.Lines[1], StringComparison.Ordinal);
        Assert.Equal("2 documents: 1 error, 0 warnings\n", run.Error);
    }

    [Fact]
    public async Task Validate_WarningsOnly_IsNoFailure()
    {
        var run = await RunAsync("policy", "validate", Write("p.json", """{ "name": "p", "rules": [ { "effect": "deny", "action": "x" } ] }"""));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(" warning POLICY_ALLOWS_NOTHING ", run.Out, StringComparison.Ordinal);
        Assert.Equal("1 document: 0 errors, 1 warning\n", run.Error);
    }

    [Fact]
    public async Task Validate_Dash_ReadsStdin()
    {
        var run = await RunAsync(Broken, ["policy", "validate", "-"]);

        Assert.Equal(4, run.ExitCode);
        Assert.StartsWith("-:3:14 error ", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_Json_IsOneDocumentWithEveryFinding()
    {
        var run = await RunAsync("policy", "validate", Write("good.json", Good), Write("broken.yaml", Broken), "--output", "json");

        Assert.Equal(4, run.ExitCode);
        Assert.False(run.Json.GetProperty("valid").GetBoolean());
        var files = run.Json.GetProperty("files").EnumerateArray().ToList();
        Assert.Equal([true, false], files.Select(file => file.GetProperty("valid").GetBoolean()));
        var finding = files[1].GetProperty("diagnostics")[0];
        Assert.Equal(["line", "column", "severity", "code", "path", "message", "remedy"], finding.EnumerateObject().Select(field => field.Name));
        Assert.Equal((3, "error", "rules[0].effect"), (finding.GetProperty("line").GetInt32(), finding.GetProperty("severity").GetString(), finding.GetProperty("path").GetString()));
    }

    [Fact]
    public async Task Validate_Server_AsksTheCluster()
    {
        Cluster.On<ValidatePolicyRequest>(_ => new ValidatePolicyResponse
        {
            Diagnostics = { new Diagnostic { Line = 1, Column = 2, Severity = Severity.Error, Code = "NEW_RULE", Message = "new\u001b[31m", Remedy = "update" } },
        });

        var run = await RunAsync("policy", "validate", "--server", Write("good.json", Good));

        Assert.Equal(4, run.ExitCode);
        Assert.Equal(["good.json:1:2 error NEW_RULE new\\u001b[31m", "    update"], run.Lines);
        Assert.Equal(Good, Cluster.Received<ValidatePolicyRequest>().Single().Document);
    }

    [Fact]
    public async Task Validate_MissingFile_IsWrongUsage()
    {
        var run = await RunAsync("policy", "validate", "missing.json");

        Assert.Equal((2, "", "error: the file `missing.json` cannot be read; check the path and its permissions\n"), (run.ExitCode, run.Out, run.Error));
    }

    [Fact]
    public async Task Validate_FileThatIsNotUtf8_IsWrongUsage()
    {
        var run = await RunAsync("policy", "validate", Write("latin1.json", [0x22, 0xe9, 0x22]));

        Assert.Equal((2, "", "error: the file `latin1.json` is not UTF-8; save it as UTF-8\n"), (run.ExitCode, run.Out, run.Error));
    }
}
