using System.Diagnostics;
using ControlZero.Load.Cerbos;
using ControlZero.Load.Targets;

namespace ControlZero.Load.Measuring;

/// <summary>A whole run: both servers, every scenario, turn about, in rounds.</summary>
/// <param name="Server">The server's program.</param>
/// <param name="Agents">The largest number of agents.</param>
/// <param name="Rounds">How many rounds.</param>
/// <param name="Duration">How long one sample takes.</param>
/// <param name="LongestWarmUp">How long each scenario is driven before the first round at most, see <see cref="WarmUp"/>.</param>
/// <param name="Rate">Rate of the open loop. Unit: calls a second.</param>
/// <param name="Only">Text that the names of the scenarios hold. Empty: all of them.</param>
/// <param name="Limits">Whether servers with limits are measured too.</param>
/// <param name="Cerbos">The program of Cerbos. Null: it is not asked.</param>
internal sealed record LoadRun(string Server, int Agents, int Rounds, TimeSpan Duration, TimeSpan LongestWarmUp, double Rate, string Only, bool Limits, string? Cerbos)
{
    /// <summary>What is measured.</summary>
    public IReadOnlyList<Scenario> Scenarios =>
        [.. Scenario.All(Agents, Rate, Limits, Cerbos is not null).Where(scenario => scenario.Name.Contains(Only, StringComparison.OrdinalIgnoreCase))];

    /// <summary>Runs it, and says on the writer how far it is.</summary>
    public async Task<LoadReport> RunAsync(TextWriter progress, CancellationToken cancellationToken)
    {
        await using var ours = await ClusterTarget.StartAsync(Server, Agents, ServerSetup.Standard, cancellationToken);
        await using var others = new OtherTargets(setup => ClusterTarget.StartAsync(Server, Math.Min(1_000, Agents), setup, cancellationToken));
        await using var cerbos = Cerbos is null ? null : await CerbosTarget.StartAsync(Cerbos, cancellationToken);
        await using var echo = await EchoTarget.StartAsync(ours.Unary, ours.ResponseBytes, cancellationToken);
        await progress.WriteLineAsync($"server and echo are up; request {ours.Unary.Bodies.Span[0].Length} B, response {ours.ResponseBytes + 5} B");
        await RegisterAsync(ours, progress, cancellationToken);

        foreach (var setup in Scenarios.Select(scenario => scenario.Setup).Distinct().Where(setup => setup != ServerSetup.Standard))
        {
            await (await others.GetAsync(setup)).RegisterAsync(_ => { }, cancellationToken);
            await progress.WriteLineAsync($"another server is up{setup.Name}");
        }

        var comparisons = Scenarios.Select(scenario => new Comparison(scenario)).ToList();
        foreach (var comparison in comparisons)
        {
            var begun = Stopwatch.GetTimestamp();
            var isWarm = await WarmUp.DriveAsync(comparison.Scenario, echo, LongestWarmUp, cancellationToken)
                & await WarmUp.DriveAsync(comparison.Scenario, await TargetAsync(comparison.Scenario), LongestWarmUp, cancellationToken);
            await progress.WriteLineAsync(
                $"{(isWarm ? "warm" : "still being compiled")} after {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s: {comparison.Scenario.Name}, {comparison.Scenario.Agents:N0} agents");
        }

        await progress.WriteLineAsync($"touched {MachineMemory.Touch() >> 30} GiB of memory");
        for (var round = 1; round <= Rounds; round++)
        {
            foreach (var comparison in comparisons)
            {
                await CompareAsync(comparison, echo, await TargetAsync(comparison.Scenario), round, cancellationToken);
                await progress.WriteLineAsync(
                    $"round {round}/{Rounds}: {comparison.Scenario.Name}, {comparison.Scenario.Agents:N0} agents: {comparison.Headline.Median:0.00} of the echo");
            }
        }

        return new LoadReport(
            Machine.Read(), this, ours.Unary.Bodies.Span[0].Length, ours.ResponseBytes + 5, ours.Registration, ours.Process.ReadMemory(), comparisons);

        async Task<ITarget> TargetAsync(Scenario scenario) => scenario.IsOfCerbos ? cerbos!
            : scenario.Setup == ServerSetup.Standard ? ours
            : await others.GetAsync(scenario.Setup);
    }

    // In turn, so that neither always has the warmer or the busier machine.
    private async Task CompareAsync(Comparison comparison, EchoTarget echo, ITarget ours, int round, CancellationToken cancellationToken)
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
    private sealed class OtherTargets(Func<ServerSetup, Task<ClusterTarget>> start) : IAsyncDisposable
    {
        private readonly Dictionary<ServerSetup, ClusterTarget> _started = [];

        public async Task<ClusterTarget> GetAsync(ServerSetup setup) =>
            _started.TryGetValue(setup, out var started) ? started : _started[setup] = await start(setup);

        public async ValueTask DisposeAsync()
        {
            foreach (var target in _started.Values)
            {
                await target.DisposeAsync();
            }
        }
    }
}
