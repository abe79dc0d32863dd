using ControlZero.Load.Generation;
using ControlZero.Load.Targets;

namespace ControlZero.Load.Measuring;

/// <summary>A whole run: both servers, every scenario, turn about, in rounds.</summary>
/// <param name="Server">The server's program.</param>
/// <param name="Agents">The largest number of agents.</param>
/// <param name="Rounds">How many rounds.</param>
/// <param name="Duration">How long one sample takes.</param>
/// <param name="Rate">Rate of the open loop. Unit: calls a second.</param>
/// <param name="Only">Text that the names of the scenarios hold. Empty: all of them.</param>
internal sealed record LoadRun(string Server, int Agents, int Rounds, TimeSpan Duration, double Rate, string Only)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    /// <summary>What is measured.</summary>
    public IReadOnlyList<Scenario> Scenarios =>
        [.. Scenario.All(Agents, Rate).Where(scenario => scenario.Name.Contains(Only, StringComparison.OrdinalIgnoreCase))];

    /// <summary>Runs it, and says on the writer how far it is.</summary>
    public async Task<LoadReport> RunAsync(TextWriter progress, CancellationToken cancellationToken)
    {
        await using var ours = await ClusterTarget.StartAsync(Server, Agents, Scenario.Standard, cancellationToken);
        await using var others = new OtherTargets(mode => ClusterTarget.StartAsync(Server, Math.Min(1_000, Agents), mode, cancellationToken));
        await using var echo = await EchoTarget.StartAsync(ours.Unary, ours.ResponseBytes, cancellationToken);
        await progress.WriteLineAsync($"server and echo are up; request {ours.Unary.Bodies.Span[0].Length} B, response {ours.ResponseBytes + 5} B");
        await RegisterAsync(ours, progress, cancellationToken);

        foreach (var mode in Scenarios.Select(scenario => scenario.Audit).Distinct().Where(mode => mode != Scenario.Standard))
        {
            await (await others.GetAsync(mode)).RegisterAsync(_ => { }, cancellationToken);
            await progress.WriteLineAsync($"a server with audit {mode} is up");
        }

        foreach (var target in new ITarget[] { echo, ours }.Concat(others.All))
        {
            await new ClosedLoop(8, 16).RunAsync(target.Unary.First(1_000), WarmUp, cancellationToken);
        }

        var comparisons = Scenarios.Select(scenario => new Comparison(scenario)).ToList();
        for (var round = 1; round <= Rounds; round++)
        {
            foreach (var comparison in comparisons)
            {
                await CompareAsync(comparison, echo, comparison.Scenario.Audit == Scenario.Standard ? ours : await others.GetAsync(comparison.Scenario.Audit), round, cancellationToken);
                await progress.WriteLineAsync(
                    $"round {round}/{Rounds}: {comparison.Scenario.Name}, {comparison.Scenario.Agents:N0} agents: {comparison.Headline.Median:0.00} of the echo");
            }
        }

        return new LoadReport(
            Machine.Read(), this, ours.Unary.Bodies.Span[0].Length, ours.ResponseBytes + 5, ours.Registration, ours.Process.ReadMemory(), comparisons);
    }

    // In turn, so that neither always has the warmer or the busier machine.
    private async Task CompareAsync(Comparison comparison, EchoTarget echo, ClusterTarget ours, int round, CancellationToken cancellationToken)
    {
        if (round % 2 == 1)
        {
            var yardstick = await Sample.TakeAsync(comparison.Scenario, echo, Duration, cancellationToken);
            comparison.Add(yardstick, await Sample.TakeAsync(comparison.Scenario, ours, Duration, cancellationToken));
        }
        else
        {
            var measured = await Sample.TakeAsync(comparison.Scenario, ours, Duration, cancellationToken);
            comparison.Add(await Sample.TakeAsync(comparison.Scenario, echo, Duration, cancellationToken), measured);
        }
    }

    private static async Task RegisterAsync(ClusterTarget ours, TextWriter progress, CancellationToken cancellationToken)
    {
        const int step = 10_000;
        var answered = 0;
        await ours.RegisterAsync(
            more =>
            {
                var now = Interlocked.Add(ref answered, more);
                if (now / step > (now - more) / step)
                {
                    progress.WriteLine($"registered {now:N0} of {ours.Unary.Bodies.Length:N0} agents");
                }
            },
            cancellationToken);
        await progress.WriteLineAsync(
            $"{ours.Unary.Bodies.Length:N0} agents registered in {ours.Registration.TotalSeconds:0.0} s, "
            + $"{ours.Unary.Bodies.Length / ours.Registration.TotalSeconds:N0}/s; server memory {ours.Process.ReadMemory():N0} MiB");
    }

    // Servers that record otherwise: idle while they are not asked.
    private sealed class OtherTargets(Func<string, Task<ClusterTarget>> start) : IAsyncDisposable
    {
        private readonly Dictionary<string, ClusterTarget> _started = [];

        public IEnumerable<ITarget> All => _started.Values;

        public async Task<ClusterTarget> GetAsync(string mode) =>
            _started.TryGetValue(mode, out var started) ? started : _started[mode] = await start(mode);

        public async ValueTask DisposeAsync()
        {
            foreach (var target in _started.Values)
            {
                await target.DisposeAsync();
            }
        }
    }
}
