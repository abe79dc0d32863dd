using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace ControlZero.Quotas.Simulation;

/// <summary>The command line.</summary>
internal static class SimulateCommand
{
    private static readonly Option<long> Seeds = new("--seeds") { Description = "how many runs", DefaultValueFactory = _ => 1_000_000 };

    private static readonly Option<long> From = new("--from") { Description = "the first seed", DefaultValueFactory = _ => 0 };

    private static readonly Option<long?> Seed = new("--seed") { Description = "run this seed alone, and print what happens in it" };

    private static readonly Option<int> Mutant = new("--mutant") { Description = "take a protection away, by its number in the table of --mutants" };

    private static readonly Option<bool> AllMutants = new("--mutants") { Description = "say of each mutant which seed catches it; non-zero if one gets away" };

    public static RootCommand Build()
    {
        var root = new RootCommand("Simulates the quota protocol: everything that can go wrong, by seed, and a referee who counts what was granted.")
        {
            Seeds, From, Seed, Mutant, AllMutants,
        };
        root.SetAction(line =>
        {
            var number = line.GetValue(Mutant);
            if (number < 0 || number > Mutants.All.Count || line.GetValue(Seeds) < 1 || line.GetValue(From) < 0)
            {
                Console.Error.WriteLine($"simulate: --mutant goes to {Mutants.All.Count}, --seeds from 1, --from from 0");
                return 2;
            }

            var conduct = number == 0 ? new Conduct() : Mutants.All[number - 1];
            return line.GetValue(AllMutants) ? CatchAll()
                : line.GetValue(Seed) is { } seed ? Print((ulong)seed, conduct)
                : RunAll((ulong)line.GetValue(From), line.GetValue(Seeds), conduct);
        });
        return root;
    }

    private static int RunAll(ulong from, long seeds, Conduct conduct)
    {
        var begun = Stopwatch.GetTimestamp();
        var (done, granted, said) = (0L, 0L, begun);
        var coverage = new Coverage();
        var gate = new Lock();
        SimulationResult? broken = null;
        Parallel.For(0L, seeds, (index, loop) =>
        {
            var result = Simulation.Run(from + (ulong)index, conduct);
            lock (gate)
            {
                (done, granted) = (done + 1, granted + result.Granted);
                coverage.Add(result.Coverage);
                if (result.Violation is not null && (broken is null || result.Seed < broken.Seed))
                {
                    broken = result;
                    loop.Break();
                }

                if (Stopwatch.GetElapsedTime(said) > TimeSpan.FromSeconds(5))
                {
                    said = Stopwatch.GetTimestamp();
                    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done:N0} of {seeds:N0} seeds, {done / Stopwatch.GetElapsedTime(begun).TotalSeconds:N0}/s"));
                }
            }
        });

        if (broken is not null)
        {
            Console.WriteLine($"seed {broken.Seed} breaks a promise: {broken.Violation}");
            Console.WriteLine($"see it with: tests/simulate --seed {broken.Seed}");
            return 1;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{done:N0} seeds from {from}, {granted:N0} requests granted, no promise broken, {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s"));
        foreach (var happening in Enum.GetValues<Happening>())
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{happening,-24}{coverage[happening],14:N0}"));
        }

        var missing = string.Join(", ", coverage.Missing);
        if (missing.Length > 0 && seeds >= 1_000)
        {
            Console.WriteLine($"never happened, so nothing was tested of it: {missing}");
            return 1;
        }

        return 0;
    }

    private static int CatchAll()
    {
        var escaped = 0;
        Console.WriteLine("| # | protection taken away | first seed | what the referee says |\n|---|---|---|---|");
        for (var number = 1; number <= Mutants.All.Count; number++)
        {
            var caught = Mutants.Catch(Mutants.All[number - 1]);
            escaped += caught is null ? 1 : 0;
            Console.WriteLine($"| {number} | {Mutants.All[number - 1].Name} | {caught?.Seed.ToString(CultureInfo.InvariantCulture) ?? "none"} | {caught?.Violation ?? "got away"} |");
        }

        return escaped == 0 ? 0 : 1;
    }

    private static int Print(ulong seed, Conduct conduct)
    {
        var result = Simulation.Run(seed, conduct, keepsTrace: true);
        foreach (var line in result.Lines)
        {
            Console.WriteLine(line);
        }

        Console.WriteLine($"seed {seed}, {result.Granted} granted, trace {result.Hash:x16}: {result.Violation ?? "no promise broken"}");
        return result.Violation is null ? 0 : 1;
    }
}
