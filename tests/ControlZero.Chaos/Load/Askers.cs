namespace ControlZero.Chaos.Load;

/// <summary>Asks all the time: each server about every tenant's agents, and the way programs do, through clients that know all addresses.</summary>
/// <param name="calls">Makes and records the calls.</param>
/// <param name="tenants">Who is asked about.</param>
/// <param name="servers">How many servers there are.</param>
/// <param name="seed">What is asked is drawn from it.</param>
/// <param name="ofOneServer">How many callers ask one server alone.</param>
/// <param name="ofOneTenant">How many callers of a tenant ask as programs do.</param>
internal sealed class Askers(RecordedCalls calls, IReadOnlyList<ChaosTenant> tenants, int servers, int seed, int ofOneServer = 5, int ofOneTenant = 5)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25);

    /// <summary>Asks until it is told to end; ends when the last call has.</summary>
    public Task RunAsync(CancellationToken stop)
    {
        var direct = Enumerable.Range(0, servers * ofOneServer).Select(number => AskServerAsync(1 + (number % servers), new Random(seed + number), stop));
        var everywhere = Enumerable.Range(0, tenants.Count * ofOneTenant)
            .Select(number => AskEverywhereAsync(tenants[number % tenants.Count], new Random(seed - 1 - number), stop));
        return Task.WhenAll([.. direct, .. everywhere]);
    }

    // Half of the questions carry the newest epoch anybody was told; without that too, a server must not fall behind the bound.
    private async Task AskServerAsync(int server, Random random, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        while (!stop.IsCancellationRequested)
        {
            var tenant = tenants[random.Next(tenants.Count)];
            await calls.AskAsync(tenant, server, Agent(tenant, random), Question(random), random.Next(2) == 0 ? tenant.Epoch : 0);
            await WaitAsync(pace, stop);
        }
    }

    private async Task AskEverywhereAsync(ChaosTenant tenant, Random random, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        while (!stop.IsCancellationRequested)
        {
            await calls.AskAsync(tenant, Agent(tenant, random), Question(random), random.Next(2) == 0 ? tenant.Epoch : 0);
            await WaitAsync(pace, stop);
        }
    }

    private static async Task WaitAsync(PeriodicTimer pace, CancellationToken stop)
    {
        try
        {
            await pace.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // The loop looks for itself.
        }
    }

    // A third of the questions are about somebody who is suspended, if anybody is.
    private static string Agent(ChaosTenant tenant, Random random)
    {
        var suspended = random.Next(3) == 0 ? [.. tenant.Suspended.Keys] : Array.Empty<string>();
        return suspended.Length > 0 ? suspended[random.Next(suspended.Length)] : tenant.Agents[random.Next(tenant.Agents.Count)];
    }

    private static (string Action, string Resource) Question(Random random) => TestPolicies.Questions[random.Next(TestPolicies.Questions.Count)];
}
