using ControlZero.Chaos.Load;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Faults;

/// <summary>Looks whether every server answers about every agent, with a decision and not with a deny because it is stale.</summary>
/// <param name="calls">Makes and records the calls.</param>
/// <param name="tenants">Who is asked about.</param>
/// <param name="servers">How many servers there are.</param>
/// <param name="patience">How long to look.</param>
internal sealed class RecoveryProbe(RecordedCalls calls, IReadOnlyList<ChaosTenant> tenants, int servers, TimeSpan patience)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks until everything is answered. False: it was not in time.</summary>
    public async Task<bool> WaitAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(patience);
        using var pace = new PeriodicTimer(Pace);
        try
        {
            while ((await LookAsync()).Any(found => found.Line.Answer is not { IsDecided: true }))
            {
                await pace.WaitForNextTickAsync(limit.Token);
            }

            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Looks a last time, and writes down what it saw.</summary>
    public async Task FinishAsync()
    {
        foreach (var (tenant, server, agent, line) in await LookAsync())
        {
            calls.Record.Write(new RecordLine
            {
                Kind = LineKind.Final,
                At = calls.Record.Now,
                Tenant = tenant,
                Agent = agent,
                Server = server,
                Status = line.Answer switch { null => line.Status, { IsDecided: false } => Answer.Stale, _ => "" },
            });
        }
    }

    private async Task<List<(string Tenant, int Server, string Agent, RecordLine Line)>> LookAsync()
    {
        var found = new List<(string, int, string, RecordLine)>();
        foreach (var tenant in tenants)
        {
            foreach (var agents in tenant.Agents.Chunk(10))
            {
                var asked = agents.SelectMany(agent => Enumerable.Range(1, servers), async (agent, server) =>
                    (tenant.Id, server, agent, await calls.AskAsync(tenant, server, agent, TestPolicies.Questions[0], tenant.Epoch)));
                found.AddRange(await Task.WhenAll(asked));
            }
        }

        return found;
    }
}
