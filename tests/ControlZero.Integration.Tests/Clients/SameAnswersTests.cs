using System.Text.Json;
using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Clients;

/// <summary>Whoever asks, in whatever language, is answered the same.</summary>
public sealed class SameAnswersTests(QuickstartServer quickstart) : IClassFixture<QuickstartServer>, IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly Dictionary<string, string> _environment = quickstart.Server.Environment(QuickstartServer.Agent);

    [Fact]
    public async Task CSharpClient_ThreeModels_SameAnswers()
    {
        var client = quickstart.Server.Connect();
        var answers = new List<string>();
        foreach (var model in QuickstartServer.Models)
        {
            var decision = await client.CheckAsync(new EnforceQuery { AgentId = QuickstartServer.Agent, Action = "llm.generate", Resource = $"model/{model}" });
            answers.Add($"{model} {(decision.Allowed ? "allow" : "deny")} {decision.RuleId} {decision.ReasonCode}");
        }

        Assert.Equal(QuickstartServer.Answers, answers);
    }

    [Theory]
    [InlineData("openrouter.mjs")]
    [InlineData("reflection.mjs")]
    public async Task NodeExample_ThreeModels_SameAnswers(string example)
    {
        await NodeBuild.EnsureAsync();

        var run = (await NodeAsync(example)).With(exitCode: 0);

        Assert.Equal(QuickstartServer.Answers, run.Lines);
    }

    [Fact]
    public async Task NodeEnforceExample_ThreeModels_SameAnswers()
    {
        await NodeBuild.EnsureAsync();

        var allowed = (await NodeAsync("enforce.mjs", QuickstartServer.Models[0])).With(exitCode: 0);
        var denied = (await NodeAsync("enforce.mjs", QuickstartServer.Models[1])).With(exitCode: 2);
        var unlisted = (await NodeAsync("enforce.mjs", QuickstartServer.Models[2])).With(exitCode: 2);

        Assert.Equal([QuickstartServer.Answers[0], "rule-3", "rule-4"], [allowed.Lines.Single(), denied.Lines.Single(), unlisted.Lines.Single()]);
    }

    [Fact]
    public async Task CommandLine_ThreeModels_SameAnswers()
    {
        var answers = new List<string>();
        foreach (var model in QuickstartServer.Models)
        {
            var run = await ChildProcess.RunAsync(
                Repository.Cli,
                ["enforce", "--output", "json", "--action", "llm.generate", "--resource", $"model/{model}"],
                _environment);
            var decision = JsonDocument.Parse(run.With(exitCode: answers.Count == 0 ? 0 : 3).Output).RootElement;
            answers.Add($"{model} {decision.GetProperty("decision")} {decision.GetProperty("rule_id")} {decision.GetProperty("reason_code")}");
        }

        Assert.Equal(QuickstartServer.Answers, answers);
    }

    [Fact]
    public async Task StockPythonGrpc_ThreeModels_SameAnswers()
    {
        (await ChildProcess.RunAsync(Repository.At("tests", "tools", "install-python-grpc"), [])).With(exitCode: 0);
        var plugin = (await ChildProcess.RunAsync("which", ["grpc_python_plugin"])).With(exitCode: 0).Lines[0];
        var generated = new[] { "-I", Repository.At("protos"), $"--python_out={_scratch.FullName}", $"--grpc_python_out={_scratch.FullName}" };
        (await ChildProcess.RunAsync(
            "protoc",
            [.. generated, $"--plugin=protoc-gen-grpc_python={plugin}", "controlzero/v1/enforcement.proto", "google/rpc/status.proto"])).With(exitCode: 0);
        _environment["PYTHONPATH"] = _scratch.FullName;
        _environment["PYTHONDONTWRITEBYTECODE"] = "1";

        var run = (await ChildProcess.RunAsync("/usr/bin/python3", [Repository.At("protos", "examples", "enforce.py")], _environment)).With(exitCode: 0);

        Assert.Equal(QuickstartServer.Answers, run.Lines);
    }

    public void Dispose() => _scratch.Dispose();

    private Task<Ended> NodeAsync(string example, params string[] arguments) =>
        ChildProcess.RunAsync("node", [Path.Combine(Repository.NodeClient, "examples", example), .. arguments], _environment);
}
