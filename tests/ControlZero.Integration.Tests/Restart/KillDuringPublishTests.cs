using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;

namespace ControlZero.Integration.Tests.Restart;

/// <summary>
/// A server killed with SIGKILL while policies are published keeps everything it acknowledged. What it had not acknowledged is in force as
/// a whole or not at all.
/// </summary>
public sealed class KillDuringPublishTests : IDisposable
{
    private const int Publishers = 6;

    private readonly ScratchDirectory _scratch = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Kill_WhilePublishing_LosesNothingAcknowledged(int seed)
    {
        var random = new Random(seed);
        var logs = Enumerable.Range(0, Publishers).Select(i => new PublishLog($"policy-{i}")).ToList();
        await PublishUntilKilledAsync(logs, random.Next(20, 150));

        await using var server = await ServerProcess.StartAsync(_scratch.Data);
        var client = server.Connect();
        var epoch = (await client.Policies.ListPoliciesAsync(new ListPoliciesRequest())).PolicyEpoch;

        var inForce = 0L;
        foreach (var log in logs)
        {
            await AssertKeptAsync(client, log);
            inForce += await AssertInForceAsync(client, log) ? 1 : 0;
        }

        // Every epoch put one version in force: those acknowledged, and those in flight that the kill came too late for.
        Assert.Equal((ulong)(logs.Sum(log => log.All.Count) + inForce), epoch);
        Assert.True(epoch >= logs.SelectMany(log => log.All).Max(acknowledged => acknowledged.Epoch), $"seed {seed}: the epoch went back to {epoch}");
        var next = await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = logs[0].Document(0) });
        Assert.Equal(epoch + 1, next.PolicyEpoch);
    }

    public void Dispose() => _scratch.Dispose();

    private async Task PublishUntilKilledAsync(List<PublishLog> logs, int acknowledgements)
    {
        await using var server = await ServerProcess.StartAsync(_scratch.Data);
        var left = acknowledgements;
        var publishing = logs.Select(log => log.RunAsync(server.Connect(), () =>
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                server.Kill();
            }
        }));
        await Task.WhenAll(publishing);
        await server.WaitForEndAsync();
    }

    private static async Task AssertKeptAsync(ControlZeroClient client, PublishLog log)
    {
        foreach (var acknowledged in log.All)
        {
            var kept = await client.Policies.GetPolicyAsync(new GetPolicyRequest { Name = log.Policy, Version = acknowledged.Version });
            Assert.Equal(acknowledged.Document, kept.Document);
            Assert.Equal(PublishLog.Digest(acknowledged.Document), kept.Policy.Digest);
        }
    }

    // True when what is in force is what was in flight at the kill.
    private static async Task<bool> AssertInForceAsync(ControlZeroClient client, PublishLog log)
    {
        var acknowledged = log.All.LastOrDefault();
        if (acknowledged is null)
        {
            return (await client.Policies.ListPoliciesAsync(new ListPoliciesRequest())).Policies.Any(policy => policy.Name == log.Policy);
        }

        var inForce = await client.Policies.GetPolicyAsync(new GetPolicyRequest { Name = log.Policy });
        Assert.Contains(inForce.Document, new[] { acknowledged.Document, log.LastSent });
        Assert.True(inForce.VersionInForce >= acknowledged.Version, $"{log.Policy} went back from version {acknowledged.Version} to {inForce.VersionInForce}");

        var decision = await client.CheckAsync(new EnforceQuery { Action = $"{log.Policy}:use", AgentId = "any-agent" });
        Assert.Equal((log.Policy, inForce.VersionInForce), (decision.Policy, decision.PolicyVersion));
        Assert.Contains($"\"{decision.RuleId}\"", inForce.Document, StringComparison.Ordinal);
        return inForce.Document != acknowledged.Document;
    }
}
