using System.Net.Sockets;
using ControlZero.Client;
using ControlZero.Integration.Tests.Clients;
using ControlZero.Integration.Tests.Cluster;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Network;
using Npgsql;

namespace ControlZero.Integration.Tests.FrontDoor;

/// <summary>
/// A front door that is cut off from storage, and reaches the silos, which are as fresh as can be: what it believes of its callers' keys is of the
/// past, and it allows nothing by it.
/// </summary>
[Collection(nameof(Cluster))]
public sealed class CutOffDoorTests(PostgresStorage storage) : IClassFixture<PostgresStorage>
{
    private const string Connection = "CONTROLZERO__POSTGRES__CONNECTION";
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Key_RevokedWhileTheDoorIsCutOff_IsAllowedNothingPastTheBound()
    {
        var real = new NpgsqlConnectionStringBuilder(storage.NextCluster()[Connection]);
        await using var proxy = new FaultProxy(new UnixDomainSocketEndPoint(Path.Combine(real.Host!, ".s.PGSQL.5432")));
        var aside = new NpgsqlConnectionStringBuilder(real.ConnectionString) { Host = $"{proxy.Address.Address}", Port = proxy.Address.Port };
        await using var cluster = await FrontDoorCluster.StartAsync(
            storage, bound: "2s", ofDoor: new Dictionary<string, string> { [Connection] = aside.ConnectionString });
        var admin = cluster.Connect(cluster.Silos[0]);
        await admin.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = AllowAll });
        var key = await admin.Tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" } });
        var caller = cluster.Connect(key: key.Key);
        await UntilAsync(async () => await AnswerAsync(caller) == "RULE_MATCH");

        await proxy.SetAsync(ProxyFault.BlackHole);
        var revoked = await admin.Tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = key.KeyInfo.KeyId });
        await UntilAsync(async () =>
            (await admin.Cluster.GetStatusAsync(new GetStatusRequest())).ServerTime.ToDateTimeOffset() > revoked.Acknowledgement.EnforcedBy.ToDateTimeOffset());
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => AnswerAsync(caller)));

        Assert.All(answers, answer => Assert.Contains(answer, (string[])["POLICY_STALE", "Unavailable", "DeadlineExceeded", "Unauthenticated"]));
        await proxy.SetAsync(ProxyFault.None);
        await UntilAsync(async () => await AnswerAsync(caller) == "Unauthenticated");
    }

    // About half of the agents are asked about at the door first, and of those no answer of its own is an allow.
    [Fact]
    public async Task Agents_OfClientsThatKnowASiloToo_AreAllowedWhileTheDoorIsCutOff()
    {
        const int Agents = 20;
        await NodeBuild.EnsureAsync();
        var real = new NpgsqlConnectionStringBuilder(storage.NextCluster()[Connection]);
        await using var proxy = new FaultProxy(new UnixDomainSocketEndPoint(Path.Combine(real.Host!, ".s.PGSQL.5432")));
        var aside = new NpgsqlConnectionStringBuilder(real.ConnectionString) { Host = $"{proxy.Address.Address}", Port = proxy.Address.Port };
        await using var cluster = await FrontDoorCluster.StartAsync(
            storage, bound: "2s", ofDoor: new Dictionary<string, string> { [Connection] = aside.ConnectionString });
        await cluster.Connect(cluster.Silos[0]).Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = AllowAll });
        var door = cluster.Connect();
        await UntilAsync(async () => await AnswerAsync(door) == "RULE_MATCH");
        var both = $"{cluster.Door.Url},{cluster.Silos[0].Url}";
        using var client = new ControlZeroClient(new ControlZeroClientOptions { Url = both, ApiKey = cluster.AdminKey, Timeout = Patience });

        await proxy.SetAsync(ProxyFault.BlackHole);
        await UntilAsync(async () => await AnswerAsync(door) == "POLICY_STALE");

        for (var agent = 0; agent < Agents; agent++)
        {
            var query = new EnforceQuery { AgentId = $"bot-{agent}", Action = "llm.generate", Resource = "model/openai/gpt-4" };
            await UntilAsync(async () => (await client.CheckAsync(query)).Allowed);
        }

        var node = await ChildProcess.RunAsync(
            "node",
            [Repository.At("tests", "ControlZero.Integration.Tests", "FrontDoor", "ask.mjs"), Repository.NodeClient, $"{Agents}"],
            new Dictionary<string, string>(cluster.Door.Environment("unused", cluster.AdminKey)) { ["CONTROLZERO_URL"] = both });
        Assert.Equal($"{Agents}", node.With(exitCode: 0).Lines.Single());
        Assert.Equal("POLICY_STALE", await AnswerAsync(door));
    }

    // A reason code, or the status of no decision.
    private static async Task<string> AnswerAsync(ControlZeroClient client)
    {
        try
        {
            return (await client.Enforcement.EnforceAsync(new EnforceRequest { AgentId = "bot", Action = "llm.generate", Resource = "model/openai/gpt-4" }))
                .ReasonCode;
        }
        catch (ControlZeroException error)
        {
            return error.StatusCode.ToString();
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience, $"it did not come to be within {Patience}");
        }
    }
}
