using ControlZero.Load.Generation;
using ControlZero.Load.Targets;

namespace ControlZero.Load.Measuring;

/// <summary>One way to drive a server. The echo is always driven by unary calls of the same shape.</summary>
/// <param name="Name">What is measured, in a few words.</param>
/// <param name="Agents">How many agents take part.</param>
/// <param name="Kind">What the figure of interest is.</param>
/// <param name="Select">Which calls of a target are made, for so many agents.</param>
/// <param name="Drive">Makes them for a while.</param>
internal sealed record Scenario(
    string Name,
    int Agents,
    ScenarioKind Kind,
    Func<ITarget, int, CallSet> Select,
    Func<CallSet, TimeSpan, CancellationToken, Task<LoadResult>> Drive)
{
    /// <summary>How the echo is driven where it has not the kind of call that is measured.</summary>
    public Func<CallSet, TimeSpan, CancellationToken, Task<LoadResult>> DriveEcho { get; init; } = Drive;

    /// <summary>How the server is set up.</summary>
    public ServerSetup Setup { get; init; } = ServerSetup.Standard;

    /// <summary>True: Cerbos is asked, not our server.</summary>
    public bool IsOfCerbos { get; init; }

    /// <summary>All of them, for up to so many agents.</summary>
    /// <param name="agents">The largest number of agents.</param>
    /// <param name="rate">Rate of the open loop. Unit: calls a second.</param>
    /// <param name="withLimits">Also those with limits.</param>
    /// <param name="withCerbos">Also the same question to Cerbos.</param>
    public static IReadOnlyList<Scenario> All(int agents, double rate, bool withLimits, bool withCerbos)
    {
        var some = Math.Min(1_000, agents);
        var (busy, crowded) = (new ClosedLoop(8, 16), new ClosedLoop(32, 64));
        Scenario[] forms =
        [
            Closed("unary, 1 in flight", some, new ClosedLoop(1, 1)) with { Kind = ScenarioKind.Latency },
            new($"unary, open loop at {rate:0}/s", some, ScenarioKind.Latency, Unary, new OpenLoop(rate).RunAsync),
            Closed("unary, 128 in flight", 1, busy),
            Closed("unary, 128 in flight", some, busy),
            Closed("unary, 2,048 in flight", some, crowded),
            Closed("batch of 64, 128 in flight", some, busy) with { Select = Batch },
            Streamed(some, busy),
        ];
        var scenarios = forms.ToList();
        ServerSetup[] setups = [new("buffered", false), new("off", false), .. withLimits ? [new("durable", true), new("off", true)] : Array.Empty<ServerSetup>()];
        foreach (var setup in setups)
        {
            scenarios.AddRange(forms.Where(form => form.Agents == some).Select(form => form with { Name = form.Name + setup.Name, Setup = setup }));
        }

        if (agents > some)
        {
            scenarios.Add(Closed("unary, 128 in flight", agents, busy));
            scenarios.Add(Closed("batch of 64, 128 in flight", agents, busy) with { Select = Batch });
        }

        if (H2Load.IsInstalled)
        {
            Scenario[] witnessed =
            [
                Witnessed("unary, 128 in flight", 1, busy),
                Witnessed("unary, 2,048 in flight", 1, crowded),
                Witnessed("batch of 64, 128 in flight", some, busy) with { Select = Batch },
            ];
            ServerSetup[] recorded = [ServerSetup.Standard, new("buffered", false), new("off", false)];
            scenarios.AddRange(recorded.SelectMany(setup => witnessed.Select(form => form with { Name = form.Name + setup.Name, Setup = setup })));
            if (withCerbos)
            {
                scenarios.Add(witnessed[0] with { Name = "Cerbos, 128 in flight, by h2load", IsOfCerbos = true });
            }
        }

        return scenarios;
    }

    private static Scenario Streamed(int agents, ClosedLoop yardstick) =>
        new("8 streams, 1,024 in flight", agents, ScenarioKind.Throughput, Stream, new StreamLoop(8, 128).RunAsync) { DriveEcho = yardstick.RunAsync };

    private static Scenario Closed(string name, int agents, ClosedLoop load) => new(name, agents, ScenarioKind.Throughput, Unary, load.RunAsync);

    private static Scenario Witnessed(string name, int agents, ClosedLoop load) =>
        new($"{name}, by h2load", agents, ScenarioKind.Throughput, Unary, (calls, duration, stop) => H2Load.RunAsync(load, calls, duration, stop));

    private static CallSet Unary(ITarget target, int agents) => target.Unary.First(agents);

    private static CallSet Stream(ITarget target, int agents) => target.Stream(agents);

    private static CallSet Batch(ITarget target, int agents) => target.Batch(agents);
}

/// <summary>What is held against the echo.</summary>
internal enum ScenarioKind
{
    /// <summary>Decisions a second: more is better.</summary>
    Throughput,

    /// <summary>Median time of a call: less is better.</summary>
    Latency,
}
