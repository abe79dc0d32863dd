using System.Globalization;
using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Audit;
using ControlZero.Servers.Cluster;
using Xunit.Abstractions;

namespace ControlZero.Integration.Tests.Audit;

/// <summary>
/// Three servers, callers who hang up, servers that are killed: each answer that was received has exactly one event which equals it, field by field.
/// The files are looked at, not what the server says of them. The long form is <c>tests/audit completeness</c>; <c>tests/chaos</c> does the same under more faults.
/// </summary>
public sealed class AuditCompletenessTests(ITestOutputHelper output)
{
    private const int Calls = 4000;
    private const int Seed = 20261127;

    private const string Document = """
        { "name": "models", "rules": [
          { "id": "gpt", "effect": "allow", "action": "llm.generate", "resource": "model/openai/gpt-4", "reason": "line\nbreak \u2028 and \"quotes\"" },
          { "effect": "deny", "action": "llm.generate", "resource": "model/*" } ] }
        """;

    // What it would change is part of each answer about those agents, and of its event.
    private const string InShadow = """
        { "name": "next", "mode": "shadow", "priority": 1, "agents": "agent-1*", "rules": [
          { "id": "no-gpt", "deny": "llm.generate", "resource": "model/openai/*" }, { "id": "others", "allow": "llm.generate" } ] }
        """;

    /// <summary>How long servers are killed one after the other. Default: each once.</summary>
    private static TimeSpan Lasts { get; } =
        TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("CONTROLZERO_AUDIT_SECONDS") ?? "0", CultureInfo.InvariantCulture));

    [Fact]
    public async Task Answers_UnderCancellationsAndKills_HaveOneEqualEventEach()
    {
        using var scratch = new ScratchDirectory();
        await using var cluster = await ServerCluster.StartAsync(new ServerClusterOptions
        {
            Program = Repository.Server,
            Directory = scratch.At("cluster"),
            Setup = "postgres",
        });
        var clients = cluster.All.Select(server => Connect(server.Url, cluster.AdminKey)).ToList();
        try
        {
            await clients[0].Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = Document });
            await clients[0].Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = InShadow });
            var load = new AuditLoad(clients, "default", Seed);
            var killing = ReplaceAsync([cluster.All[1], cluster.All[2], cluster.All[0]]);
            await load.RunAsync(number => number <= Calls || !killing.IsCompleted);
            var kills = await killing;

            // What was killed has been started again, and thereby recovered; what runs is stopped, so that its files are complete.
            foreach (var server in cluster.All)
            {
                await server.StopAsync();
            }

            var findings = AuditChecker.Check(load.Received, load.Lost, LoggedEvents.Read(cluster.All.Select(server => server.Data)));
            output.WriteLine($"seed {Seed}, {kills} kills: {findings}; answers by {string.Join(", ", load.AnswersByForm.Select(form => $"{form.Key} {form.Value}"))}");
            Assert.Empty(findings.Faults);
            Assert.True(findings.Answers > Calls / 4, $"only {findings.Answers} answers were received");
            Assert.All(load.AnswersByForm, form => Assert.True(form.Value > Calls / 20, $"only {form.Value} answers were received by {form.Key}"));
            Assert.Equal(["", "allow", "deny"], load.Received.Select(answer => answer.Values["shadow"]).Select(said => said.Length == 0 ? "" : said.Split('"')[3]).Distinct().Order());
            Assert.True(load.Lost.Count > Calls / 20, $"only {load.Lost.Count} calls were lost");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    private static async Task<int> ReplaceAsync(IReadOnlyList<ClusterServer> servers)
    {
        var begun = TimeProvider.System.GetTimestamp();
        var kills = 0;
        while (kills < servers.Count || TimeProvider.System.GetElapsedTime(begun) < Lasts)
        {
            await servers[kills % servers.Count].KillAsync();
            await servers[kills++ % servers.Count].StartAsync();
        }

        return kills;
    }

    private static ControlZeroClient Connect(string url, string key) => new(new ControlZeroClientOptions
    {
        Url = url,
        ApiKey = key,
        MaxAttempts = 1,
        Timeout = TimeSpan.FromSeconds(10),
    });
}
