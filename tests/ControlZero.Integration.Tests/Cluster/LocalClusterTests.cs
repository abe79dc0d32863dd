using System.Globalization;
using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Cluster;

/// <summary>The cluster to play with.</summary>
public sealed class LocalClusterTests
{
    private const string Address = "export CONTROLZERO_URL=";
    private const string Key = "export CONTROLZERO_API_KEY=";
    private const string Kill = "try: kill -9 ";

    [Fact]
    public async Task LocalCluster_OfThree_ServesWhileOneIsKilled_AndEndsInOrder()
    {
        await using var script = ChildProcess.Start(
            Repository.At("deploy", "local-cluster"), ["--server", Repository.Server, "--base-port", "0"]);
        var url = (await script.WaitForLineAsync(Address))[Address.Length..];
        var key = (await script.WaitForLineAsync(Key))[Key.Length..];
        var last = (await script.WaitForLineAsync(Kill))[Kill.Length..];
        Assert.Equal(3, url.Split(',').Distinct().Count());

        (await ChildProcess.RunAsync("kill", ["-9", int.Parse(last, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)])).With(exitCode: 0);
        await script.WaitForLineAsync("server 3 ended; ");

        using var client = new ControlZeroClient(new ControlZeroClientOptions
        {
            Url = url,
            ApiKey = key,
            Timeout = TimeSpan.FromSeconds(60),
            MaxAttempts = 10,
        });
        var decision = await client.CheckAsync(new EnforceQuery { AgentId = "a", Action = "tool:search" });
        Assert.Equal((DecisionSource.Server, "NO_ACTIVE_POLICIES"), (decision.Source, decision.ReasonCode));
        (await script.TerminateAsync()).With(exitCode: 0);
    }

    [Theory]
    [InlineData("--setup", "oracle", "--setup `oracle` is not known")]
    [InlineData("--silos", "ten", "--silos `ten` is no whole number")]
    [InlineData("--silo", "3", "unknown option `--silo`")]
    public async Task LocalCluster_WrongUsage_IsRefusedWithTheUsage(string option, string value, string words)
    {
        var end = (await ChildProcess.RunAsync(Repository.At("deploy", "local-cluster"), [option, value])).With(exitCode: 2);

        Assert.StartsWith($"deploy/local-cluster: {words}\nusage: ", end.Error, StringComparison.Ordinal);
    }

}
