using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Faults;

/// <summary>One fault to come.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Phase">What is to be under way when it begins: the name of an operation, or <see cref="FaultPlan.Steady"/>.</param>
/// <param name="Server">Which server it happens to, from 1. 0: all or none.</param>
/// <param name="Target">Of a partition: where nothing arrives, a server from 1, or 0: the storage.</param>
/// <param name="Length">How long it lasts.</param>
internal sealed record PlannedFault(FaultKind Kind, string Phase, int Server, int Target, TimeSpan Length);

/// <summary>What happens when, all drawn from a seed: every fault in every phase once, in an order of the seed's, and again while there is time.</summary>
/// <param name="Faults">The faults, one after the other.</param>
/// <param name="LeftOut">Pairs of fault and phase there is no time for.</param>
internal sealed record FaultPlan(IReadOnlyList<PlannedFault> Faults, IReadOnlyList<(FaultKind Kind, string Phase)> LeftOut)
{
    /// <summary>No change is waited for.</summary>
    public const string Steady = "Steady";

    /// <summary>What can be under way when a fault begins.</summary>
    public static IReadOnlyList<string> Phases { get; } = [Steady, nameof(Operation.Publish), nameof(Operation.SuspendAgent)];

    /// <summary>Makes a plan.</summary>
    /// <param name="kinds">The faults to inject.</param>
    /// <param name="servers">How many servers there are. The last one has no silo, where <c>door</c> is among the faults.</param>
    /// <param name="time">How long it all may take.</param>
    /// <param name="seed">The order, the servers and the lengths.</param>
    public static FaultPlan Make(IReadOnlyList<FaultKind> kinds, int servers, TimeSpan time, int seed)
    {
        var random = new Random(seed);
        var pairs = kinds.SelectMany(kind => Phases, (kind, phase) => (Kind: kind, Phase: phase)).ToArray();
        random.Shuffle(pairs);

        // Faults that came less often go first, so that a short run has all of them rather than all phases of one.
        pairs = [.. pairs.GroupBy(pair => pair.Kind).SelectMany(ofKind => ofKind.Select((pair, turn) => (pair, turn))).OrderBy(entry => entry.turn).Select(entry => entry.pair)];
        var outage = OutageLength(kinds, time);
        var faults = new List<PlannedFault>();
        var leftOut = new List<(FaultKind, string)>();
        var spent = 0.0;
        for (var round = 0; round < 100; round++)
        {
            var added = false;
            foreach (var (kind, phase) in pairs)
            {
                var fault = Draw(kind, phase, servers, outage, random);
                var cost = kind.Cost + fault.Length.TotalSeconds;
                if (spent + cost <= time.TotalSeconds || faults.Count == 0)
                {
                    faults.Add(fault);
                    spent += cost;
                    added = true;
                }
                else if (round == 0)
                {
                    leftOut.Add((kind, phase));
                }
            }

            if (!added)
            {
                break;
            }
        }

        return new FaultPlan(faults, leftOut);
    }

    // Storage is gone for as long as there is time for with everything else once, at most the minute of the promise.
    private static double OutageLength(IReadOnlyList<FaultKind> kinds, TimeSpan time)
    {
        var others = kinds.Sum(kind => Phases.Count * (kind.Cost + (kind == FaultKind.Storage ? 0 : kind.Length.Longest)));
        return Math.Clamp((time.TotalSeconds - others) / Phases.Count, FaultKind.Storage.Length.Shortest, FaultKind.Storage.Length.Longest);
    }

    private static PlannedFault Draw(FaultKind kind, string phase, int servers, double outage, Random random)
    {
        var (shortest, longest) = kind == FaultKind.Storage ? (outage, outage) : kind.Length;
        var length = TimeSpan.FromSeconds(shortest + (random.NextDouble() * (longest - shortest)));
        var server = 1 + random.Next(servers);
        var target = random.Next(servers + 1);
        var isOfOne = kind != FaultKind.Rolling && kind != FaultKind.Storage && kind != FaultKind.Upgrade;
        server = kind == FaultKind.Door ? servers : server;
        return new PlannedFault(kind, phase, isOfOne ? server : 0, target == server ? 0 : target, length);
    }
}
