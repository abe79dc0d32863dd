using System.Text.Json;
using System.Text.RegularExpressions;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Integration.Tests.Telemetry;

/// <summary>The dashboard and the alerts ask for metrics that a server has.</summary>
public sealed partial class ObservabilityFilesTests : IDisposable
{
    // Not there before the part of a cluster that they are about is.
    private static readonly string[] Later = ["controlzero_freshness_age_seconds"];

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Metrics_ThatDashboardAndAlertsAskFor_AreThoseOfAServer()
    {
        await using var server = await ServerProcess.StartAsync(_scratch.Data);
        using var channel = GrpcChannel.ForAddress(server.Url);
        var headers = new Metadata { { "authorization", $"Bearer {server.AdminKey}" } };
        var enforcement = new EnforcementService.EnforcementServiceClient(channel);
        await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = """{ "name": "p", "rules": [ { "allow": "llm:*" } ] }""" }, headers);
        await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = """{ "name": "next", "mode": "shadow", "priority": 1, "rules": [ { "deny": "llm:*" } ] }""" }, headers);
        var ask = new EnforceRequest { AgentId = "a", Action = "llm.generate" };
        await enforcement.EnforceAsync(ask, headers);
        await enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { ask } }, headers);
        await Assert.ThrowsAsync<RpcException>(async () => await enforcement.EnforceAsync(new EnforceRequest(), headers));
        var there = (await server.ScrapeAsync()).Names.ToHashSet();

        var files = Directory.GetFiles(Repository.At("deploy", "observability"), "*.*").Where(file => !file.EndsWith(".md", StringComparison.Ordinal)).ToList();
        var asked = files.SelectMany(file => Metric().Matches(File.ReadAllText(file)).Select(match => match.Value)).Distinct().ToList();

        Assert.Equal(2, files.Count);
        Assert.True(asked.Count > 10);
        Assert.Empty(asked.Except(there).Except(Later));
    }

    [Fact]
    public void Dashboard_IsJsonOfPanelsThatAskSomething()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Repository.At("deploy", "observability", "dashboard.json")));

        var panels = file.RootElement.GetProperty("panels").EnumerateArray().ToList();

        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(
            panels.Where(panel => panel.GetProperty("type").GetString() != "row"),
            panel => Assert.All(panel.GetProperty("targets").EnumerateArray(), target => Assert.NotEqual("", target.GetProperty("expr").GetString())));
    }

    [Fact]
    public void Alerts_AreYamlWithAnExpressionASeverityAndWordsEach()
    {
        using var text = new StringReader(File.ReadAllText(Repository.At("deploy", "observability", "alerts.yaml")));
        var file = new YamlDotNet.RepresentationModel.YamlStream();
        file.Load(text);

        var rules = (YamlDotNet.RepresentationModel.YamlSequenceNode)file.Documents[0].RootNode["groups"][0]["rules"];

        Assert.True(rules.Children.Count > 5);
        Assert.All(rules.Children, rule => Assert.All(
            [rule["alert"], rule["expr"], rule["for"], rule["labels"]["severity"], rule["annotations"]["summary"], rule["annotations"]["description"]],
            part => Assert.NotEqual("", part.ToString())));
    }

    public void Dispose() => _scratch.Dispose();

    [GeneratedRegex("\\b(controlzero|orleans|kestrel|dotnet)_[a-z0-9_]+\\b")]
    private static partial Regex Metric();
}
