using ControlZero.Protocol.V1;
using Xunit.Abstractions;

namespace ControlZero.Integration.Tests.Cluster;

/// <summary>Limits that are exact whichever of three servers is asked.</summary>
public abstract class ClusterLimitTests(ClusterStorage storage, ITestOutputHelper output)
{
    private const int Calls = 2_000;
    private const int Limit = 100;

    // As many as one server takes at a time without shedding load.
    private const int AtATime = 600;

    private const string Policy = """
        { "name": "p", "rules": [ { "allow": "llm.*" } ],
          "limits": [ { "name": "own", "metric": "requests", "limit": 100, "window": "366d", "action": "llm.own" },
                      { "name": "shared", "metric": "requests", "limit": 100, "window": "366d", "per": "tenant", "action": "llm.shared" } ] }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task AgentLimit_TwoThousandCallsAtOnceThroughThreeServers_ExactlyAHundredAllowed()
    {
        await using var cluster = await StartAsync();

        var answers = await AskManyAsync(cluster, Calls, call => new EnforceRequest { AgentId = "bot", Action = "llm.own", RequestId = $"r-{call}" });

        Assert.Equal(Limit, answers.Count(answer => answer.Decision == Decision.Allow));
        Assert.All(answers.Where(answer => answer.Decision != Decision.Allow), answer => Assert.Equal("QUOTA_EXCEEDED", answer.ReasonCode));
    }

    [Fact]
    public async Task TenantLimit_TwoThousandCallsAtOnceThroughThreeServers_NeverMoreThanAHundredAndEachOfThem()
    {
        await using var cluster = await StartAsync();

        var answers = await AskManyAsync(cluster, Calls, call => new EnforceRequest { AgentId = $"bot-{call % 60}", Action = "llm.shared", RequestId = $"r-{call}" });
        var allowed = answers.Count(answer => answer.Decision == Decision.Allow);
        output.WriteLine($"{allowed} of {Limit} at once");
        Assert.InRange(allowed, 1, Limit);

        // Units another server had at hand when somebody was told that there are none are given back, and none is lost.
        var begun = TimeProvider.System.GetTimestamp();
        while (allowed < Limit && TimeProvider.System.GetElapsedTime(begun) < Patience)
        {
            var more = await AskManyAsync(cluster, 30, call => new EnforceRequest { AgentId = $"bot-{call}", Action = "llm.shared" });
            allowed += more.Count(answer => answer.Decision == Decision.Allow);
        }

        Assert.Equal(Limit, allowed);
        var after = await AskManyAsync(cluster, 300, call => new EnforceRequest { AgentId = $"bot-{call % 60}", Action = "llm.shared" });
        Assert.All(after, answer => Assert.Equal("QUOTA_EXCEEDED", answer.ReasonCode));
    }

    [Fact]
    public async Task OneRequest_TenThousandTimesThroughThreeServers_IsChargedOnce_AndNotRepeatedToASuspendedAgent()
    {
        await using var cluster = await StartAsync();
        var request = new EnforceRequest { AgentId = "bot", Action = "llm.own", RequestId = "once" };

        var answers = await AskManyAsync(cluster, 10_000, _ => request);

        Assert.All(answers, answer => Assert.Equal(Decision.Allow, answer.Decision));
        Assert.Single(answers, answer => !answer.Replayed);
        Assert.Single(answers.Select(answer => answer.Reservation.Token).Distinct());
        Assert.Equal(1, (await cluster.Connect(1).GetUsageAsync("bot")).Limits.Single(limit => limit.Name == "own").Used);

        await cluster.Connect(2).Agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot", Reason = "incident" });
        var later = await AskManyAsync(cluster, 3, _ => request);
        Assert.All(later, answer => Assert.Equal("AGENT_SUSPENDED", answer.ReasonCode));
    }

    private async Task<ThreeServers> StartAsync()
    {
        var cluster = await ThreeServers.StartAsync(storage);
        var epoch = (await cluster.Connect(0).Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = Policy })).PolicyEpoch;
        for (var server = 0; server < cluster.All.Length; server++)
        {
            await cluster.Connect(server).Enforcement.EnforceAsync(new EnforceRequest { AgentId = "first", Action = "llm.other", MinPolicyEpoch = epoch });
        }

        return cluster;
    }

    // By the generated client: what a client says by itself would be no answer.
    private static async Task<EnforceResponse[]> AskManyAsync(ThreeServers cluster, int calls, Func<int, EnforceRequest> request)
    {
        var clients = Enumerable.Range(0, cluster.All.Length).Select(cluster.Connect).ToArray();
        var answers = new EnforceResponse[calls];
        await Parallel.ForAsync(0, calls, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (call, cancellationToken) =>
            answers[call] = await clients[call % clients.Length].Enforcement.EnforceAsync(request(call), cancellationToken: cancellationToken));
        return answers;
    }
}

/// <summary>On PostgreSQL.</summary>
[Collection(nameof(Cluster))]
public sealed class PostgresClusterLimitTests(PostgresStorage storage, ITestOutputHelper output) : ClusterLimitTests(storage, output), IClassFixture<PostgresStorage>;

/// <summary>On Azurite and Redis.</summary>
[Collection(nameof(Cluster))]
public sealed class AzureClusterLimitTests(AzureStorage storage, ITestOutputHelper output) : ClusterLimitTests(storage, output), IClassFixture<AzureStorage>;
