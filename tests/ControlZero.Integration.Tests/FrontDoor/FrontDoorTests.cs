using System.Diagnostics;
using ControlZero.Client;
using ControlZero.Integration.Tests.Cluster;
using ControlZero.Protocol.V1;
using Grpc.Core;
using Xunit.Abstractions;

namespace ControlZero.Integration.Tests.FrontDoor;

/// <summary>A front door without a silo, before two silos.</summary>
public abstract class FrontDoorTests(ClusterStorage storage, ITestOutputHelper output)
{
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task FrontDoor_AnswersWhatTheSilosDecide_AndSaysWhatItIs()
    {
        await using var cluster = await FrontDoorCluster.StartAsync(storage);
        var client = cluster.Connect();
        var epoch = (await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = AllowAll })).PolicyEpoch;

        var single = await client.Enforcement.EnforceAsync(Ask("a", epoch));
        var batch = await client.Enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { Ask("a", epoch), Ask("b", epoch), Ask("c", epoch + 1) } });
        var streamed = await StreamAsync(client, Ask("d", epoch));
        var usage = await cluster.Connect(cluster.Silos[1]).Agents.GetUsageAsync(new GetUsageRequest { AgentId = "a" });
        var status = await client.Cluster.GetStatusAsync(new GetStatusRequest());

        Assert.Equal((Decision.Allow, epoch), (single.Decision, single.PolicyEpoch));
        Assert.Equal([Decision.Allow, Decision.Allow], batch.Results.Take(2).Select(result => result.Response.Decision));
        Assert.Equal((int)StatusCode.FailedPrecondition, batch.Results[2].Error.Code);
        Assert.Equal(Decision.Allow, streamed.Decision);
        Assert.Equal(2, usage.Allowed);
        Assert.Equal(("frontdoor", 2, 0), (status.Role, status.Silos.Count(silo => silo is { Status: "active", Ready: true }), status.Silos.Count(silo => silo.Answering)));
        Assert.Equal("silo", (await cluster.Connect(cluster.Silos[0]).Cluster.GetStatusAsync(new GetStatusRequest())).Role);
        Assert.Equal((true, "ready"), await cluster.Door.HealthAsync("ready"));
        Assert.Contains(await OwnerAsync(client), cluster.Silos.Select(silo => new Uri(silo.Url).Authority));
        Assert.Contains((await cluster.Door.ScrapeAsync()).Of("controlzero_enforce_hops_total"), hops => hops.StartsWith("hop=remote: ", StringComparison.Ordinal));
        Assert.False(File.Exists(Path.Combine(cluster.Door.Data, "admin.key")));
        await AssertDoorsEventsAreMissedAsync(cluster.Connect(cluster.Silos[0]), single.DecisionId);
        (await cluster.Door.StopAsync()).With(exitCode: 0);
    }

    [Fact]
    public async Task Kill_OfOneSiloThenOfBoth_TheOthersAnswer_ThenItIsNotReady_ThenItIsAgain()
    {
        await using var cluster = await FrontDoorCluster.StartAsync(storage);
        var client = cluster.Connect();
        await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = AllowAll });
        string[] agents = [.. Enumerable.Range(0, 20).Select(number => $"agent-{number}")];
        foreach (var agent in agents)
        {
            Assert.Equal(Decision.Allow, (await client.Enforcement.EnforceAsync(Ask(agent))).Decision);
        }

        cluster.Silos[1].Kill();
        var begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(agents.Select(agent => UntilAllowedAsync(client, agent, begun)));
        output.WriteLine($"all {agents.Length} agents answer again {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms after the kill of one of two silos");

        cluster.Silos[0].Kill();
        await UntilAsync(async () => await cluster.Door.HealthAsync("ready") is (false, "not ready: no_gateway"));
        Assert.True((await cluster.Door.HealthAsync("live")).Ok);
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await client.Enforcement.EnforceAsync(Ask("agent-0")));
        Assert.True(refused is ControlZeroException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded }, refused.ToString());

        await cluster.StartSiloAsync(0);
        await UntilAsync(async () => (await cluster.Door.HealthAsync("ready")).Ok);
        await UntilAllowedAsync(client, "agent-0", Stopwatch.GetTimestamp());
    }

    [Fact]
    public async Task Pause_AcrossASuspensionAndARevocation_NothingIsAllowedByWhatWasBefore()
    {
        await using var cluster = await FrontDoorCluster.StartAsync(storage, bound: "2s");
        var admin = cluster.Connect(cluster.Silos[0]);
        await admin.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = AllowAll });
        var revoked = await admin.Tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" } });
        var client = cluster.Connect();
        var before = cluster.Connect(key: revoked.Key);
        await UntilAllowedAsync(client, "bot", Stopwatch.GetTimestamp());
        await UntilAllowedAsync(before, "bot", Stopwatch.GetTimestamp());

        await cluster.Door.PauseAsync();
        var held = Enumerable.Range(0, 50).Select(_ => AnswerAsync(client)).ToList();
        var heldByKey = Enumerable.Range(0, 50).Select(_ => AnswerAsync(before)).ToList();
        var suspended = await admin.Agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot" });
        var end = await admin.Tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = revoked.KeyInfo.KeyId });
        await UntilAsync(async () =>
            (await admin.Cluster.GetStatusAsync(new GetStatusRequest())).ServerTime.ToDateTimeOffset() > end.Acknowledgement.EnforcedBy.ToDateTimeOffset());
        await cluster.Door.ContinueAsync();

        Assert.True(suspended.Acknowledgement.AcknowledgedSilos.Count > 0);
        Assert.All(await Task.WhenAll(held), answer => Assert.Contains(answer, (string[])["AGENT_SUSPENDED", "POLICY_STALE", "Unavailable"]));
        Assert.All(await Task.WhenAll(heldByKey), answer => Assert.Contains(answer, (string[])["Unauthenticated", "POLICY_STALE", "Unavailable"]));
        await UntilAsync(async () => await AnswerAsync(client) == "AGENT_SUSPENDED");
        Assert.Equal("Unauthenticated", await AnswerAsync(before));
    }

    // Its log is in files on its own disk: no silo can read it, and each says so.
    private static async Task AssertDoorsEventsAreMissedAsync(ControlZeroClient silo, string decision)
    {
        var door = $"frontdoor-{System.Net.Dns.GetHostName()}";
        await UntilAsync(async () => (await silo.Audit.QueryEventsAsync(new QueryEventsRequest())).UnreachableSilos.Contains(door));
        using var tail = silo.Audit.TailEvents(new TailEventsRequest());
        while (await tail.ResponseStream.MoveNext(CancellationToken.None) && !tail.ResponseStream.Current.UnreachableSilos.Contains(door))
        {
        }

        Assert.Contains(door, (await silo.Audit.VerifyLogAsync(new VerifyLogRequest())).UnreachableSilos);
        var unknown = await Assert.ThrowsAsync<ControlZeroException>(async () => await silo.Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = decision }));
        Assert.Equal((StatusCode.Unavailable, "AUDIT_UNREADABLE"), (unknown.StatusCode, unknown.Reason));
    }

    private static EnforceRequest Ask(string agent, ulong epoch = 0) =>
        new() { AgentId = agent, Action = "llm.generate", Resource = "model/openai/gpt-4", MinPolicyEpoch = epoch };

    // A reason code, or the status of no decision.
    private static async Task<string> AnswerAsync(ControlZeroClient client)
    {
        try
        {
            return (await client.Enforcement.EnforceAsync(Ask("bot"))).ReasonCode;
        }
        catch (ControlZeroException error)
        {
            return error.StatusCode.ToString();
        }
    }

    private static async Task<EnforceResponse> StreamAsync(ControlZeroClient client, EnforceRequest request)
    {
        using var stream = client.Enforcement.EnforceStream();
        await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = 1, Enforce = request });
        await stream.RequestStream.CompleteAsync();
        return Assert.Single(await stream.ResponseStream.ReadAllAsync().ToListAsync()).Response;
    }

    private static async Task<string> OwnerAsync(ControlZeroClient client)
    {
        string? owner = null;
        await UntilAsync(async () =>
        {
            using var call = client.Enforcement.EnforceAsync(Ask("a"));
            owner = (await call.ResponseHeadersAsync).GetValue("controlzero-owner");
            await call;
            return owner is not null;
        });
        return owner!;
    }

    private static Task UntilAllowedAsync(ControlZeroClient client, string agent, long begun) => UntilAsync(
        async () =>
        {
            try
            {
                return (await client.Enforcement.EnforceAsync(Ask(agent))).Decision == Decision.Allow;
            }
            catch (ControlZeroException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
            {
                return false;
            }
        },
        begun);

    private static async Task UntilAsync(Func<Task<bool>> holds, long? since = null)
    {
        var begun = since ?? Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < Patience, $"it did not come to be within {Patience}");
        }
    }
}

/// <summary>On PostgreSQL.</summary>
[Collection(nameof(Cluster))]
public sealed class PostgresFrontDoorTests(PostgresStorage storage, ITestOutputHelper output) : FrontDoorTests(storage, output), IClassFixture<PostgresStorage>;

/// <summary>On Azurite and Redis.</summary>
[Collection(nameof(Cluster))]
public sealed class AzureFrontDoorTests(AzureStorage storage, ITestOutputHelper output) : FrontDoorTests(storage, output), IClassFixture<AzureStorage>;
