using System.Globalization;
using System.Text.Json;
using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Integration.Tests.Clients;

/// <summary>Whoever publishes, and asks with the epoch that was answered, is decided by what was published: through each client, in every way it asks.</summary>
public sealed class OwnPublishTests : IAsyncLifetime, IDisposable
{
    private const string Agent = "publisher";
    private static readonly string Far = (ulong.MaxValue - 1).ToString(CultureInfo.InvariantCulture);
    private readonly ScratchDirectory _scratch = new();
    private ServerProcess _server = null!;
    private ulong _epoch;

    public async Task InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(_scratch.Data);
        await PublishAsync("""{ "name": "p", "rules": [ { "deny": "*" } ] }""");
        Assert.False((await _server.Connect().CheckAsync(Question(_epoch))).Allowed);
        await PublishAsync("""{ "name": "p", "rules": [ { "allow": "*" } ] }""");
    }

    [Fact]
    public async Task CSharpClient_IsDecidedUnderTheEpochItAsksFor_OrToldThatThereIsNone()
    {
        await using var client = _server.Connect();
        await using var stream = client.OpenStream();
        Func<EnforceQuery, Task<EnforceDecision>>[] ways =
        [
            query => client.CheckAsync(query),
            query => client.EnforceAsync(query),
            async query => Decided(Assert.Single(await client.CheckBatchAsync([query]))),
            query => stream.CheckAsync(query),
            query => stream.EnforceAsync(query),
        ];

        foreach (var ask in ways)
        {
            var decision = await ask(Question(_epoch));
            var again = await ask(Question(decision.PolicyEpoch));
            var far = await Assert.ThrowsAsync<ControlZeroException>(() => ask(Question(ulong.MaxValue - 1)));

            Assert.Equal((true, _epoch, _epoch), (decision.Allowed && again.Allowed, decision.PolicyEpoch, again.PolicyEpoch));
            Assert.Equal((StatusCode.FailedPrecondition, "POLICY_EPOCH_NOT_REACHED"), (far.StatusCode, far.Reason));
            Assert.Equal((Far, Text(_epoch)), (far.Metadata["expected"], far.Metadata["current"]));
        }
    }

    [Fact]
    public async Task NodeClient_IsDecidedUnderTheEpochItAsksFor_OrToldThatThereIsNone()
    {
        await NodeBuild.EnsureAsync();

        var run = await ChildProcess.RunAsync(
            "node",
            [Repository.At("tests", "ControlZero.Integration.Tests", "Clients", "epochs.mjs"), Repository.NodeClient, Text(_epoch), Far],
            _server.Environment(Agent));

        var said = run.With(exitCode: 0).Lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["check", "enforce", "checkBatch", "stream.check"], said.Select(way => way.GetProperty("way").GetString()));
        Assert.All(said, way =>
        {
            Assert.Equal((true, Text(_epoch)), (way.GetProperty("allowed").GetBoolean(), way.GetProperty("epoch").GetString()));
            Assert.Equal(("FAILED_PRECONDITION", "POLICY_EPOCH_NOT_REACHED"), (way.GetProperty("code").GetString(), way.GetProperty("reason").GetString()));
            Assert.Equal((Far, Text(_epoch)), (way.GetProperty("metadata").GetProperty("expected").GetString(), way.GetProperty("metadata").GetProperty("current").GetString()));
        });
    }

    [Fact]
    public async Task CommandLine_IsDecidedUnderTheEpochItAsksFor_OrToldThatThereIsNone()
    {
        foreach (var command in (string[])["enforce", "explain"])
        {
            var reached = (await AskAsync(command, Text(_epoch))).With(exitCode: 0);
            var far = (await AskAsync(command, Far)).With(exitCode: 1);

            var answer = JsonDocument.Parse(reached.Output).RootElement;
            var decision = command == "explain" ? answer.GetProperty("response") : answer;
            Assert.Equal(("allow", _epoch), (decision.GetProperty("decision").GetString(), decision.GetProperty("policy_epoch").GetUInt64()));
            var error = JsonDocument.Parse(far.Output).RootElement.GetProperty("error");
            Assert.Equal(("POLICY_EPOCH_NOT_REACHED", Far), (error.GetProperty("reason").GetString(), error.GetProperty("metadata").GetProperty("expected").GetString()));
        }
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _scratch.Dispose();

    private static EnforceQuery Question(ulong epoch) =>
        new() { AgentId = Agent, Action = "llm.generate", Resource = "model/openai/gpt-4", MinPolicyEpoch = epoch };

    private static EnforceDecision Decided(EnforceOutcome outcome) => outcome.Decision ?? throw outcome.Error!;

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private Task<Ended> AskAsync(string command, string epoch) => ChildProcess.RunAsync(
        Repository.Cli, [command, "--action", "llm.generate", "--resource", "model/openai/gpt-4", "--min-epoch", epoch, "--output", "json"], _server.Environment(Agent));

    private async Task PublishAsync(string document) =>
        _epoch = (await _server.Connect().Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = document })).PolicyEpoch;
}
