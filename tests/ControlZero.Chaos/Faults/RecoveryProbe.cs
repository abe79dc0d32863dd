using ControlZero.Chaos.Load;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Faults;

/// <summary>Looks whether every server answers about every agent, with a decision and not with a deny because it is stale.</summary>
/// <param name="calls">Makes and records the calls.</param>
/// <param name="tenants">Who is asked about.</param>
/// <param name="servers">How many servers there are.</param>
/// <param name="patience">How long to look, beside the time in which a server is started again.</param>
/// <param name="isStarting">Whether one is.</param>
internal sealed class RecoveryProbe(RecordedCalls calls, IReadOnlyList<ChaosTenant> tenants, int servers, TimeSpan patience, Func<bool> isStarting)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks until everything is answered and stays so. Returns since when it was; null: it was not in time.</summary>
    /// <param name="stays">How long it must stay so.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<long?> WaitAsync(TimeSpan stays, CancellationToken stop) => (await WatchAsync(stays, stop)).Since;

    /// <summary>
    /// Looks until everything is answered once more, and writes down what it saw last. A call of a busy machine may be late; who is never answered
    /// stays so.
    /// </summary>
    public async Task FinishAsync(CancellationToken stop)
    {
        foreach (var (tenant, server, agent, line) in (await WatchAsync(TimeSpan.Zero, stop)).Last)
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

    private async Task<(long? Since, List<(string Tenant, int Server, string Agent, RecordLine Line)> Last)> WatchAsync(TimeSpan stays, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        var waited = TimeSpan.Zero;
        long? since = null;
        while (true)
        {
            var (begun, wasStarting) = (TimeProvider.System.GetTimestamp(), isStarting());
            var found = await LookAsync();
            var isAnswered = found.TrueForAll(look => look.Line.Answer is { IsDecided: true }) && !isStarting();
            since = isAnswered ? since ?? calls.Record.Now : null;
            if (since is { } answered && calls.Record.Now - answered >= stays.TotalMicroseconds)
            {
                return (since, found);
            }

            await pace.WaitForNextTickAsync(stop);
            waited += wasStarting || isStarting() ? TimeSpan.Zero : TimeProvider.System.GetElapsedTime(begun);

            // What is answered in time may stay so beyond it.
            if (since is null && waited >= patience)
            {
                return (null, found);
            }
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
