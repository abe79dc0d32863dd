using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;

namespace ControlZero.Integration.Tests.Limits;

/// <summary>A server with prices and limits of tokens, money and calls in flight, for all tests of a class. Every agent has the limits for itself.</summary>
public sealed class LimitedServer : IAsyncLifetime, IDisposable
{
    internal const string Model = "anthropic/claude-sonnet-4-20250514";

    /// <summary>What a call of <see cref="Model"/> with 3 and 4 tokens costs: 3 × 2,000 + 4 × 10,000 nano-USD.</summary>
    internal const long Cost = 46_000;

    // Windows as long as they can be, so that no test runs over an edge of one.
    private const string Policy = """
        { "name": "spending", "rules": [ { "allow": "llm.*", "resource": "model/*" } ],
          "limits": [
            { "name": "tokens", "metric": "total_tokens", "limit": 1000, "window": "366d", "default_estimate": 400 },
            { "name": "usd", "metric": "cost_usd", "limit": 1, "window": "366d", "default_estimate": 0.004 } ] }
        """;

    // What is held for one call, and what one call costs, do not fit into it together.
    private const string Dear = """
        { "name": "dear", "priority": 200, "agents": ["dear-*"], "rules": [ { "allow": "none" } ],
          "limits": [ { "name": "usd", "metric": "cost_usd", "limit": 0.00044, "window": "366d", "default_estimate": 0.0004 } ] }
        """;

    private const string Parallel = """
        { "name": "parallel", "priority": 200, "agents": ["single-*"], "rules": [ { "allow": "none" } ],
          "limits": [ { "name": "one", "metric": "in_flight", "limit": 1 } ] }
        """;

    private const string Prices = """
        { "version": "test", "unit": "micro_usd_per_million_tokens", "models": { "anthropic/claude-sonnet-4-20250514": { "input": 2000000, "output": 10000000 } } }
        """;

    private readonly ScratchDirectory _scratch = new();

    internal ServerProcess Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var prices = _scratch.At("prices.json");
        await File.WriteAllTextAsync(prices, Prices);
        Server = await ServerProcess.StartAsync(_scratch.Data, new Dictionary<string, string> { ["CONTROLZERO__PRICES__FILE"] = prices });
        foreach (var document in (string[])[Policy, Dear, Parallel])
        {
            await Server.Connect().Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = document });
        }
    }

    /// <summary>What the agent has used of its tokens and its money.</summary>
    internal async Task<(long Tokens, long NanosUsd)> UsedAsync(string agent)
    {
        var usage = await Server.Connect().GetUsageAsync(agent);
        return (Of("tokens"), Of("usd"));

        long Of(string limit) => usage.Limits.Single(known => known.Policy == "spending" && known.Name == limit).Used;
    }

    /// <summary>Reason codes of what the audit log has of an agent, the oldest first.</summary>
    internal async Task<IReadOnlyList<string>> EventsAsync(string agent)
    {
        var page = await Server.Connect().Audit.QueryEventsAsync(new QueryEventsRequest { Filter = new() { AgentId = agent } });
        return [.. page.Events.Select(known => known.ReasonCode).Reverse()];
    }

    public async Task DisposeAsync() => await Server.DisposeAsync();

    public void Dispose() => _scratch.Dispose();
}
