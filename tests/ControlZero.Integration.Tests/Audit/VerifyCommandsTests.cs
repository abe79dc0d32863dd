using System.Text.Json;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;

namespace ControlZero.Integration.Tests.Audit;

/// <summary>A signed log: the cluster verifies it, an auditor does, and one tenant's part of it proves itself without the others' events.</summary>
public sealed class VerifyCommandsTests : IDisposable
{
    private const int Own = 30;
    private const int Others = 12;

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Log_Signed_IsVerifiedByTheClusterByAnAuditorAndInATenantsPart()
    {
        var (data, key, publicKey) = (_scratch.At("data"), _scratch.At("key.pem"), _scratch.At("public.pem"));
        (await ChildProcess.RunAsync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", key], None)).With(exitCode: 0);
        (await ChildProcess.RunAsync("openssl", ["pkey", "-in", key, "-pubout", "-out", publicKey], None)).With(exitCode: 0);
        var settings = new Dictionary<string, string> { ["CONTROLZERO__AUDIT__SIGNING__KEYFILE"] = key };
        await using (var server = await ServerProcess.StartAsync(data, settings))
        {
            var mine = server.Connect();
            var other = await mine.Tenants.CreateTenantAsync(new CreateTenantRequest { TenantId = "globex", UnknownAgents = "allow" });
            await mine.Enforcement.EnforceBatchAsync(Ask("ours", Own));
            await server.Connect(other.Key).Enforcement.EnforceBatchAsync(Ask("theirs", Others));
            await server.StopAsync();
        }

        await using var again = await ServerProcess.StartAsync(data, settings);
        var environment = again.Environment("bot");
        var sound = Json(await CzAsync(environment, 0, "audit", "verify", "--server", "--output", "json"));
        Assert.True(sound.GetProperty("records").GetInt64() >= Own + Others);
        Assert.True(sound.GetProperty("signed_checkpoints").GetInt64() > 0);
        Assert.Equal(sound.GetProperty("checkpoints").GetInt64(), sound.GetProperty("signed_checkpoints").GetInt64());
        await CzAsync(environment, 2, "audit", "verify", data, "--server");
        await CzAsync(None, 2, "audit", "verify");

        // Others' events are in it as hashes: not a word of theirs.
        var part = _scratch.At("part");
        var extracted = Json(await CzAsync(None, 0, "audit", "extract", data, "default", part, "--output", "json"));
        Assert.Equal(Own, extracted.GetProperty("events").GetInt64());
        Assert.Equal(Others, extracted.GetProperty("hashes").GetInt64());
        Assert.All(Files(part), file => Assert.DoesNotContain("theirs", File.ReadAllText(file), StringComparison.Ordinal));
        await CzAsync(None, 0, "audit", "verify", part, "--export-of", "default", "--public-key", publicKey);
        await CzAsync(None, 4, "audit", "verify", part, "--export-of", "globex", "--public-key", publicKey);
        await CzAsync(None, 1, "audit", "extract", data, "default", part);

        Change(Files(part), "ours-1", "ours-9");
        await CzAsync(None, 4, "audit", "verify", part, "--export-of", "default", "--public-key", publicKey);

        // The cluster finds what was changed behind it, and nothing is extracted of a log that does not verify.
        Change(Files(data), "theirs-1", "theirs-9");
        var found = Json(await CzAsync(environment, 4, "audit", "verify", "--server", "--output", "json"));
        Assert.Contains(found.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("code").GetString() == "line_changed");
        await CzAsync(None, 4, "audit", "extract", data, "default", _scratch.At("never"));
    }

    public void Dispose() => _scratch.Dispose();

    private static Dictionary<string, string> None { get; } = [];

    private static EnforceBatchRequest Ask(string agent, int count) => new()
    {
        Requests = { Enumerable.Range(0, count).Select(number => new EnforceRequest { AgentId = $"{agent}-{number % 3}", Action = "llm.generate", Resource = "model/a" }) },
    };

    private static List<string> Files(string root) => [.. Directory.EnumerateFiles(Path.Combine(root, "audit"), "*.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static void Change(List<string> files, string from, string to)
    {
        var file = files.First(each => File.ReadAllText(each).Contains(from, StringComparison.Ordinal));
        File.WriteAllText(file, File.ReadAllText(file).Replace(from, to, StringComparison.Ordinal));
    }

    private static JsonElement Json(Ended ended) => JsonDocument.Parse(ended.Output).RootElement;

    private static async Task<Ended> CzAsync(IReadOnlyDictionary<string, string> environment, int exitCode, params string[] args) =>
        (await ChildProcess.RunAsync(Repository.Cli, args, environment)).With(exitCode);
}
