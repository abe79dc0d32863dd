using System.Text;
using System.Text.Json;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;

namespace ControlZero.Integration.Tests.Audit;

/// <summary><c>cz audit</c> against a real server, and against its files when it is gone.</summary>
public sealed class AuditCommandsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Audit_FromDecisionToVerification_ShowsWhatWasAnsweredAndFindsWhatWasChanged()
    {
        var data = _scratch.At("data");
        string decision;
        await using (var server = await ServerProcess.StartQuickstartAsync(data))
        {
            using var client = server.Connect();
            decision = (await client.Enforcement.EnforceAsync(Ask("bot"))).DecisionId;
            await client.Enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { Enumerable.Range(0, 120).Select(number => Ask($"agent-{number % 3}")) } });
            var environment = server.Environment("bot");

            var shown = Json((await CzAsync(environment, "audit", "show", decision, "--output", "json")).With(exitCode: 0));
            var queried = Json((await CzAsync(environment, "audit", "query", "--agent", "agent-1", "--from", "1h", "--limit", "1000", "--output", "json")).With(exitCode: 0));
            var table = (await CzAsync(environment, "audit", "query", "--effect", "deny", "--limit", "3")).With(exitCode: 0);
            (await CzAsync(environment, "audit", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV")).With(exitCode: 1);
            (await CzAsync(environment, "audit", "query", "--from", "yesterday")).With(exitCode: 2);
            (await CzAsync(environment, "audit", "export", _scratch.At("events.txt"))).With(exitCode: 2);
            (await CzAsync(environment, "audit", "export", _scratch.At("events.csv"))).With(exitCode: 0);
            (await CzAsync(environment, "audit", "export", _scratch.At("events"), "--format", "csv", "--agent", "agent-1")).With(exitCode: 0);
            (await CzAsync(environment, "audit", "export", _scratch.At("events.jsonl"))).With(exitCode: 0);
            (await CzAsync(environment, "audit", "export", _scratch.At("events.jsonl"))).With(exitCode: 1);
            (await CzAsync(environment, "audit", "export", _scratch.At("events.parquet"))).With(exitCode: 0);

            Assert.Equal([decision], shown.GetProperty("events").EnumerateArray().Select(audited => audited.GetProperty("decision_id").GetString()));
            Assert.Equal(40, queried.GetProperty("events").GetArrayLength());
            Assert.Equal(4, table.Lines.Count);
            var lines = await File.ReadAllLinesAsync(_scratch.At("events.jsonl"));
            Assert.True(lines.Length >= 121, $"{lines.Length} lines");
            Assert.Equal(lines.Length + 1, (await File.ReadAllLinesAsync(_scratch.At("events.csv"))).Length);
            Assert.Equal(41, (await File.ReadAllLinesAsync(_scratch.At("events"))).Length);
            Assert.Contains(lines, line => JsonDocument.Parse(line).RootElement.GetProperty("decision_id").GetString() == decision);
            var parquet = await File.ReadAllBytesAsync(_scratch.At("events.parquet"));
            Assert.Equal(("PAR1", "PAR1"), (Encoding.ASCII.GetString(parquet, 0, 4), Encoding.ASCII.GetString(parquet, parquet.Length - 4, 4)));
            await server.StopAsync();
        }

        var sound = Json((await CzAsync(None, "audit", "verify", data, "--output", "json")).With(exitCode: 0));
        Assert.True(sound.GetProperty("records").GetInt64() >= 121);

        var segment = Directory.EnumerateFiles(Path.Combine(data, "audit"), "*.jsonl", SearchOption.AllDirectories).Order().First();
        var text = await File.ReadAllTextAsync(segment);
        await File.WriteAllTextAsync(segment, text.Replace("agent-2", "agent-9", StringComparison.Ordinal));
        var changed = (await CzAsync(None, "audit", "verify", data)).With(exitCode: 4);
        Assert.Contains(".jsonl:", changed.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private static Dictionary<string, string> None { get; } = [];

    private static EnforceRequest Ask(string agent) => new() { AgentId = agent, Action = "llm.generate", Resource = "model/google/gemini-pro" };

    private static JsonElement Json(Ended ended) => JsonDocument.Parse(ended.Output).RootElement;

    private static Task<Ended> CzAsync(IReadOnlyDictionary<string, string> environment, params string[] args) =>
        ChildProcess.RunAsync(Repository.Cli, args, environment);
}
