using System.Diagnostics;
using ControlZero.Client;
using ControlZero.Integration.Tests.Clients;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using Xunit.Abstractions;

namespace ControlZero.Integration.Tests.Cluster;

/// <summary>What three servers of one cluster do together, whatever they store in.</summary>
public abstract class ClusterTests(ClusterStorage storage, ITestOutputHelper output)
{
    private const int AgentsOfEach = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Publish_OnOneServer_DecidesOnAll()
    {
        await using var cluster = await ThreeServers.StartAsync(storage);

        var epoch = await PublishExampleAsync(cluster.Connect(0));

        for (var server = 0; server < cluster.All.Length; server++)
        {
            var client = cluster.Connect(server);
            Assert.Equal(QuickstartServer.Answers, await AnswersAsync(client, $"agent-{server}", epoch));
            Assert.Equal(QuickstartServer.Answers, await AnswersAsync(client, "shared", epoch));
        }

        // One agent for the cluster, not one a server: it was asked three questions by each.
        var usage = await cluster.Connect(1).Agents.GetUsageAsync(new GetUsageRequest { AgentId = "shared" });
        Assert.Equal((3L, 6L), (usage.Allowed, usage.Denied));
        var status = await cluster.Connect(2).Cluster.GetStatusAsync(new GetStatusRequest());
        Assert.Equal((storage.Setup, 3), (status.Storage, status.Silos.Count(silo => silo.Status == "active")));
    }

    [Fact]
    public async Task Restart_OfAllServers_FindsEverythingAsItWas()
    {
        await using var cluster = await ThreeServers.StartAsync(storage);
        var epoch = await PublishExampleAsync(cluster.Connect(1));
        await cluster.Connect(2).Agents.PutAgentAsync(new PutAgentRequest { AgentId = "kept", Labels = { ["team"] = "größe" } });
        await AnswersAsync(cluster.Connect(2), "kept", epoch);
        foreach (var server in cluster.All)
        {
            (await server.StopAsync()).With(exitCode: 0);
        }

        await cluster.StartAsync();

        Assert.Equal(QuickstartServer.Answers, await AnswersAsync(cluster.Connect(1), "kept", epoch));
        var usage = await cluster.Connect(0).Agents.GetUsageAsync(new GetUsageRequest { AgentId = "kept" });
        Assert.Equal((2L, 4L), (usage.Allowed, usage.Denied));
        var agent = await cluster.Connect(2).Agents.GetAgentAsync(new GetAgentRequest { AgentId = "kept" });
        Assert.Equal("größe", agent.Agent.Labels["team"]);
    }

    [Fact]
    public async Task Stop_OfTheServerOfANodeStream_WhatItCarriedIsDecidedByTheOthers()
    {
        await NodeBuild.EnsureAsync();
        await using var cluster = await ThreeServers.StartAsync(storage);
        var epoch = await PublishExampleAsync(cluster.Connect(0));
        await AnswersAsync(cluster.Connect(1), "caller-0", epoch);
        await AnswersAsync(cluster.Connect(2), "caller-0", epoch);
        var addresses = string.Join(',', cluster.All.Select(server => server.Url)); // the stream goes to the first
        await using var node = NodeStream.Start(
            new Dictionary<string, string>(cluster.All[0].Environment("unused", cluster.AdminKey)) { ["CONTROLZERO_URL"] = addresses }, "untilOver");
        await node.WaitForLineAsync("asked");

        (await cluster.All[0].StopAsync()).With(exitCode: 0);

        var ended = await node.WaitForEndAsync();
        var said = NodeStream.Said(ended).Last();
        Assert.True(said.GetProperty("wrong").GetArrayLength() == 0 && !said.GetProperty("isOpen").GetBoolean(), ended.Report);
    }

    [Fact]
    public async Task Kill_OfOneServer_ItsAgentsAnswerAgainAndTheOthersDoAllTheTime()
    {
        await using var cluster = await ThreeServers.StartAsync(storage);
        var epoch = await PublishExampleAsync(cluster.Connect(0));
        for (var server = 0; server < cluster.All.Length; server++)
        {
            foreach (var agent in AgentsOf(server))
            {
                await AnswersAsync(cluster.Connect(server), agent, epoch);
            }
        }

        cluster.All[2].Kill();
        var begun = Stopwatch.GetTimestamp();
        using var recovered = new CancellationTokenSource();
        var undisturbed = Task.WhenAll(AskAsync(cluster.Connect(0), AgentsOf(0), recovered.Token), AskAsync(cluster.Connect(1), AgentsOf(1), recovered.Token));
        await Task.WhenAll(AgentsOf(2).Select(agent => UntilAnsweredAsync(cluster.All[0], cluster.Connect(0), agent, begun)));
        output.WriteLine($"the agents of the killed server answer again after {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms");
        await recovered.CancelAsync();

        Assert.All(await undisturbed, answered => Assert.True(answered > 0));
        foreach (var agent in AgentsOf(2))
        {
            Assert.Equal(QuickstartServer.Answers, await AnswersAsync(cluster.Connect(1), agent, epoch));
        }
    }

    [Fact]
    public async Task Enforce_OnAServerThatDoesNotOwnTheAgent_NamesTheOneThatDoes()
    {
        await using var cluster = await ThreeServers.StartAsync(storage);
        var epoch = await PublishExampleAsync(cluster.Connect(0));
        await AnswersAsync(cluster.Connect(0), "placed", epoch);

        Assert.Null(await OwnerAsync(cluster.Connect(0)));
        var asked = Stopwatch.GetTimestamp();
        string? owner;
        do
        {
            // Where a silo's front door is, is asked for when it is first needed; nobody waits for it.
            owner = await OwnerAsync(cluster.Connect(1));
        }
        while (owner is null && Stopwatch.GetElapsedTime(asked) < Patience);

        Assert.Equal(new Uri(cluster.All[0].Url).Authority, owner);
        Assert.Contains((await cluster.All[1].ScrapeAsync()).Of("controlzero_enforce_hops_total"), hops => hops.StartsWith("hop=remote: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Term_OfOneServerAfterTheOther_NoCallFails()
    {
        await using var cluster = await ThreeServers.StartAsync(storage);
        await PublishExampleAsync(cluster.Connect(0));
        using var client = cluster.ConnectToAll();
        using var over = new CancellationTokenSource();
        var asking = Task.WhenAll(Enumerable.Range(0, 3).Select(server => AskAsync(client, AgentsOf(server), over.Token)));

        foreach (var server in (ServerProcess[])[cluster.All[2], cluster.All[1]])
        {
            (await server.StopAsync()).With(exitCode: 0);
        }

        await over.CancelAsync();
        Assert.All(await asking, answered => Assert.True(answered > 0));
    }

    private static string[] AgentsOf(int server) => [.. Enumerable.Range(0, AgentsOfEach).Select(number => $"agent-{server}-{number}")];

    private static EnforceQuery Question(string agent) =>
        new() { AgentId = agent, Action = "llm.generate", Resource = $"model/{QuickstartServer.Models[0]}" };

    private static async Task<ulong> PublishExampleAsync(ControlZeroClient client)
    {
        var document = await File.ReadAllTextAsync(
            Repository.At("src", "ControlZero.Server", "Quickstart", "openrouter-model-policy.json"));
        return (await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = document })).PolicyEpoch;
    }

    // By the generated client: it carries the epoch, so that an answer under an older policy is no answer.
    private static async Task<List<string>> AnswersAsync(ControlZeroClient client, string agent, ulong epoch)
    {
        var answers = new List<string>();
        foreach (var model in QuickstartServer.Models)
        {
            var answer = await client.Enforcement.EnforceAsync(new EnforceRequest
            {
                AgentId = agent,
                Action = "llm.generate",
                Resource = $"model/{model}",
                MinPolicyEpoch = epoch,
            });
            answers.Add($"{model} {(answer.Decision == Decision.Allow ? "allow" : "deny")} {answer.RuleId} {answer.ReasonCode}");
        }

        return answers;
    }

    private static async Task<string?> OwnerAsync(ControlZeroClient client)
    {
        using var call = client.Enforcement.EnforceAsync(new EnforceRequest { AgentId = "placed", Action = "llm.generate" });
        var headers = await call.ResponseHeadersAsync;
        await call;
        return headers.GetValue("controlzero-owner");
    }

    // Every question must be answered, and by the cluster: what a client says by itself would be a failed call.
    private static async Task<int> AskAsync(ControlZeroClient client, string[] agents, CancellationToken over)
    {
        var answered = 0;
        do
        {
            foreach (var agent in agents)
            {
                var decision = await client.CheckAsync(Question(agent), CancellationToken.None);
                Assert.True(decision is { Source: DecisionSource.Server, Allowed: true }, $"after {answered} answers: {decision}");
                answered++;
            }
        }
        while (!over.IsCancellationRequested);
        return answered;
    }

    // No decision for a while is what a kill costs. An error that tells the caller to give up is not.
    private static async Task UntilAnsweredAsync(ServerProcess server, ControlZeroClient client, string agent, long begun)
    {
        EnforceDecision decision;
        do
        {
            try
            {
                decision = await client.CheckAsync(Question(agent));
            }
            catch (ControlZeroException error)
            {
                throw new InvalidOperationException($"{agent}: {error.StatusCode} {error.Message}; the server wrote: {server.Error}", error);
            }
        }
        while (decision.Source != DecisionSource.Server && Stopwatch.GetElapsedTime(begun) < Patience);
        Assert.True(decision is { Source: DecisionSource.Server, Allowed: true }, $"{agent} after {Patience}: {decision}");
    }
}

/// <summary>On PostgreSQL.</summary>
[Collection(nameof(Cluster))]
public sealed class PostgresClusterTests(PostgresStorage storage, ITestOutputHelper output) : ClusterTests(storage, output), IClassFixture<PostgresStorage>;

/// <summary>On Azurite and Redis.</summary>
[Collection(nameof(Cluster))]
public sealed class AzureClusterTests(AzureStorage storage, ITestOutputHelper output) : ClusterTests(storage, output), IClassFixture<AzureStorage>;
