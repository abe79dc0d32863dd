using System.Globalization;

namespace ControlZero.Chaos.Load;

/// <summary>
/// Programs that spend limits as fast as the limits let them, window after window: some agents each a limit of their own, others one that their
/// tenant has for all. Every program asks all servers, one after the other, now and then through the client that knows all addresses.
/// </summary>
/// <param name="calls">Makes and records the calls.</param>
/// <param name="tenant">The tenant with the limits.</param>
/// <param name="servers">How many servers there are.</param>
/// <param name="seed">Who asks which server is drawn from it.</param>
internal sealed class Spenders(RecordedCalls calls, ChaosTenant tenant, int servers, int seed)
{
    /// <summary>How many agents the tenant must have.</summary>
    public const int Agents = Owners + Sharers;

    private const int Owners = 3;
    private const int ProgramsOfOwner = 2;
    private const int Sharers = 6;
    private const string OwnAction = "spend:own";
    private const string SharedAction = "spend:shared";

    // Units of an agent's own limit, and of the one that all others share. What is asked for in a window is more than twice as much.
    private const int Own = 80;
    private const int Shared = 240;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(60);

    /// <summary>The tenant's policy.</summary>
    public static string Policy { get; } = string.Create(CultureInfo.InvariantCulture, $$"""
        { "name": "spending", "rules": [ { "id": "spend", "allow": "spend:*" }, { "id": "models", "deny": "llm.generate", "resource": "model/*" } ],
          "limits": [
            { "name": "own", "metric": "requests", "limit": {{Own}}, "window": "6s", "per": "agent", "action": "{{OwnAction}}" },
            { "name": "shared", "metric": "requests", "limit": {{Shared}}, "window": "6s", "per": "tenant", "action": "{{SharedAction}}" } ] }
        """);

    /// <summary>Asks until it is told to end; ends when the last call has.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(
    [
        .. Enumerable.Range(0, Owners * ProgramsOfOwner).Select(program => SpendAsync(tenant.Agents[program % Owners], OwnAction, new Random(seed + program), stop)),
        .. Enumerable.Range(0, Sharers).Select(program => SpendAsync(tenant.Agents[Owners + program], SharedAction, new Random(seed - 1 - program), stop)),
    ]);

    private async Task SpendAsync(string agent, string action, Random random, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        try
        {
            while (await pace.WaitForNextTickAsync(stop))
            {
                var server = random.Next(servers + 1);
                await (server == 0 ? calls.AskAsync(tenant, agent, (action, ""), 0) : calls.AskAsync(tenant, server, agent, (action, ""), 0));
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }
}
