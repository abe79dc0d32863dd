using System.Collections.Concurrent;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;

namespace ControlZero.Server.Tests.Hosting;

/// <summary>Counts the calls that reach agents' grains, and holds them up when a test says so.</summary>
internal sealed class AgentCalls : IIncomingGrainCallFilter
{
    private readonly ConcurrentDictionary<string, Tally> _tallies = new();

    /// <summary>The calls that decide for any agent of the tenant.</summary>
    public Tally Of(string tenant) => _tallies.GetOrAdd(tenant, static _ => new Tally());

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        var settles = context.MethodName is "SettleAsync" or "CancelAsync";
        if (context.Grain is not IAgentGrain || !(settles || context.MethodName.StartsWith("Authorize", StringComparison.Ordinal)))
        {
            await context.Invoke();
            return;
        }

        var (tenant, agent) = GrainKeys.ParseAgent(context.TargetId.Key.ToString()!);
        var tally = Of(tenant.Value);
        if (settles)
        {
            await tally.BeforeSettling();
            await context.Invoke();
            return;
        }

        tally.Enter();
        try
        {
            await tally.Before(agent.Value);
            await context.Invoke();
        }
        finally
        {
            tally.Leave();
        }
    }

    /// <summary>The calls of one tenant.</summary>
    internal sealed class Tally
    {
        private int _total;
        private int _inFlight;

        /// <summary>How many there were.</summary>
        public int Total => Volatile.Read(ref _total);

        /// <summary>How many are not done.</summary>
        public int InFlight => Volatile.Read(ref _inFlight);

        /// <summary>What a call waits for, by agent; if it fails, the call does.</summary>
        public Func<string, Task> Before { get; set; } = static _ => Task.CompletedTask;

        /// <summary>What a call that settles or cancels waits for; if it fails, the call does. Such calls are not counted.</summary>
        public Func<Task> BeforeSettling { get; set; } = static () => Task.CompletedTask;

        public void Enter()
        {
            Interlocked.Increment(ref _inFlight);
            Interlocked.Increment(ref _total);
        }

        public void Leave() => Interlocked.Decrement(ref _inFlight);
    }
}
