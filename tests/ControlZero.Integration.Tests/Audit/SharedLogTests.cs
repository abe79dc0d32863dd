using ControlZero.Client;
using ControlZero.Integration.Tests.Cluster;
using ControlZero.Integration.Tests.FrontDoor;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;

namespace ControlZero.Integration.Tests.Audit;

/// <summary>Two silos and a front door whose log is in one container: who writes there, who reads there, and what becomes of a dead one's segment.</summary>
public sealed class SharedLogTests(PostgresStorage storage) : IClassFixture<PostgresStorage>, IDisposable
{
    private const int Each = 40;

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Log_InOneContainer_IsReadAsOneAndSealedForTheDead()
    {
        await using var container = await AuditContainer.StartAsync();
        container.Settings["CONTROLZERO__AUDIT__AZURE__SEALAFTER"] = "1s";

        // On a busy machine too, what was answered is in the container and on no server's disk alone.
        container.Settings["CONTROLZERO__AUDIT__SINKPATIENCE"] = "10s";
        await using var cluster = await FrontDoorCluster.StartAsync(storage, tls: container.Settings);
        var (one, other, door) = (cluster.Connect(cluster.Silos[0]), cluster.Connect(cluster.Silos[1]), cluster.Connect());
        foreach (var client in (ControlZeroClient[])[one, other, door])
        {
            await client.Enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { Enumerable.Range(0, Each).Select(_ => Ask()) } });
        }

        var decision = (await door.Enforcement.EnforceAsync(Ask())).DecisionId;
        var status = await other.Cluster.GetStatusAsync(new GetStatusRequest());
        var page = await other.Audit.QueryEventsAsync(new QueryEventsRequest { PageSize = 1000 });
        var found = await one.Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = decision });

        Assert.Equal((Each, Each, Each + 1), (Of(page, "silo-0"), Of(page, "silo-1"), Of(page, "frontdoor-")));
        Assert.Empty(page.UnreachableSilos);
        Assert.Equal(decision, Assert.Single(found.Events).DecisionId);
        Assert.Equal(("durable", "azure", ""), (status.AuditLog.Mode, status.AuditLog.Sink, status.AuditLog.SinkTrouble));
        Assert.DoesNotContain(status.Advice, advice => advice.Id is "audit_on_server_disks" or "frontdoor_audit_local");

        var verified = await one.Audit.VerifyLogAsync(new VerifyLogRequest());
        Assert.True(verified.Ok, verified.ToString());
        Assert.True(verified.Records >= (3 * Each) + 1, verified.ToString());
        Assert.Empty(verified.UnreachableSilos);
        using (var tail = one.Audit.TailEvents(new TailEventsRequest()))
        {
            Assert.True(await tail.ResponseStream.MoveNext(CancellationToken.None));
            decision = (await door.Enforcement.EnforceAsync(Ask())).DecisionId;
            while (tail.ResponseStream.Current.Events.All(audited => audited.DecisionId != decision))
            {
                Assert.True(await tail.ResponseStream.MoveNext(CancellationToken.None));
            }
        }

        page = await other.Audit.QueryEventsAsync(new QueryEventsRequest { PageSize = 1000 });
        cluster.Silos[1].Kill();
        await Until.TrueAsync(
            async () => (await container.SegmentsAsync()).Where(segment => segment.Key.StartsWith("silo-1-", StringComparison.Ordinal)).All(segment => segment.Value),
            "the survivor sealed the killed silo's segment");
        var after = await one.Audit.QueryEventsAsync(new QueryEventsRequest { PageSize = 1000 });
        Assert.Equal(page.Events.Select(audited => audited.DecisionId), after.Events.Select(audited => audited.DecisionId));

        Assert.Subset(
            (await container.IndexedAsync()).ToHashSet(),
            (await container.SegmentsAsync()).Keys.Where(segment => segment.StartsWith("silo-1-", StringComparison.Ordinal)).ToHashSet());

        await cluster.StartSiloAsync(1);
        await cluster.Connect(cluster.Silos[1]).Enforcement.EnforceAsync(Ask());
        foreach (var server in (ServerProcess[])[cluster.Door, .. cluster.Silos])
        {
            await server.StopAsync();
        }

        Assert.All(await container.SegmentsAsync(), segment => Assert.True(segment.Value, $"{segment.Key} has no end"));
        (await ChildProcess.RunAsync(Repository.Cli, ["audit", "verify", await container.DownloadAsync(_scratch.At("log"))])).With(exitCode: 0);
    }

    public void Dispose() => _scratch.Dispose();

    private static int Of(QueryEventsResponse page, string silo) => page.Events.Count(audited => audited.Silo.StartsWith(silo, StringComparison.Ordinal));

    private static EnforceRequest Ask() => new() { AgentId = "bot", Action = "llm.generate", Resource = "model/openai/gpt-4" };
}
