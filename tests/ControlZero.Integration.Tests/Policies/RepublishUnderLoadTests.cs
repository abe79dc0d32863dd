using System.Collections.Concurrent;
using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;

namespace ControlZero.Integration.Tests.Policies;

/// <summary>
/// A policy is published anew every second while agents ask 60 times a second. Every answer is of one version, whole, and of one that was in
/// force while the question was under way.
/// </summary>
public sealed class RepublishUnderLoadTests : IDisposable
{
    private const int Clients = 6;
    private const int QuestionsOfEach = 300;
    private const int Versions = 30;
    private const int AnswersPerVersion = Clients * QuestionsOfEach / Versions;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly ScratchDirectory _scratch = new();
    private readonly ConcurrentDictionary<long, Publication> _publications = new();

    [Fact]
    public async Task Enforce_WhilePolicyIsRepublished_AnswersWithOneVersionThatWasInForce()
    {
        await using var server = await ServerProcess.StartAsync(_scratch.Data);
        await PublishAsync(server.Connect(), version: 1);
        using var due = new SemaphoreSlim(0);
        var answered = 0;
        void CountAnswer()
        {
            if (Interlocked.Increment(ref answered) % AnswersPerVersion == 0)
            {
                due.Release();
            }
        }

        var publishing = RepublishAsync(server.Connect(), due);
        var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => AskAsync(server.Connect(), $"agent-{i}", CountAnswer)));
        await publishing;

        Assert.Equal(Versions, _publications.Count);
        Assert.All(answers.SelectMany(ofClient => ofClient), AssertWhole);
        Assert.All(answers.SelectMany(ofClient => ofClient), AssertInForce);
        Assert.All(answers, ofClient => Assert.Equal(ofClient.Select(answer => answer.Decision.PolicyEpoch).Order(), ofClient.Select(answer => answer.Decision.PolicyEpoch)));
        var last = await server.Connect().CheckAsync(Question("agent-0"));
        Assert.Equal(Versions, last.PolicyVersion);
    }

    public void Dispose() => _scratch.Dispose();

    // Odd versions allow, even ones deny; rule and reason say which version they are of.
    private static string Document(long version) => $$"""
        { "name": "turning", "rules": [
          { "id": "other-{{version}}", "deny": "llm.embed" },
          { "id": "turn-{{version}}", "{{(IsAllow(version) ? "allow" : "deny")}}": "llm.generate", "resource": "model/*", "reason": "version {{version}}" } ] }
        """;

    private static bool IsAllow(long version) => version % 2 == 1;

    private static EnforceQuery Question(string agent) => new() { AgentId = agent, Action = "llm.generate", Resource = "model/openai/gpt-4" };

    private static long Now() => TimeProvider.System.GetTimestamp();

    private static void AssertWhole(Answer answer)
    {
        var decision = answer.Decision;
        Assert.Equal(DecisionSource.Server, decision.Source);
        Assert.Equal(
            ("turning", $"turn-{decision.PolicyVersion}", $"version {decision.PolicyVersion}", IsAllow(decision.PolicyVersion)),
            (decision.Policy, decision.RuleId, decision.Reason, decision.Allowed));
    }

    private async Task PublishAsync(ControlZeroClient client, long version)
    {
        var begun = Now();
        var answer = await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = Document(version) });
        Assert.Equal(version, answer.Policy.Version);
        _publications[version] = new Publication(begun, Now(), answer.PolicyEpoch);
    }

    private async Task RepublishAsync(ControlZeroClient client, SemaphoreSlim due)
    {
        for (var version = 2; version <= Versions; version++)
        {
            await due.WaitAsync();
            await PublishAsync(client, version);
        }
    }

    private static async Task<List<Answer>> AskAsync(ControlZeroClient client, string agent, Action answered)
    {
        using var pace = new PeriodicTimer(Pace);
        var answers = new List<Answer>();
        while (answers.Count < QuestionsOfEach && await pace.WaitForNextTickAsync())
        {
            var sent = Now();
            var decision = await client.CheckAsync(Question(agent));
            answers.Add(new Answer(sent, Now(), decision));
            answered();
        }

        return answers;
    }

    private void AssertInForce(Answer answer)
    {
        var version = answer.Decision.PolicyVersion;
        var publication = _publications[version];
        Assert.Equal(publication.Epoch, answer.Decision.PolicyEpoch);
        Assert.True(publication.Begun <= answer.Received, $"version {version} answered before it was published");
        if (_publications.TryGetValue(version + 1, out var next))
        {
            Assert.True(answer.Sent <= next.Acknowledged, $"version {version} answered a question that was sent after version {version + 1} was acknowledged");
        }
    }

    private sealed record Publication(long Begun, long Acknowledged, ulong Epoch);

    private sealed record Answer(long Sent, long Received, EnforceDecision Decision);
}
