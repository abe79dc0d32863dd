using ControlZero.Quotas.Simulation;

namespace ControlZero.Engine.Tests.Quotas;

/// <summary>The quota protocol under everything that can go wrong. A failing seed is seen with <c>tests/simulate --seed N</c>.</summary>
public sealed class SimulationTests
{
    private const int Seeds = 1_000;

    public static TheoryData<string> MutantNames => [.. Mutants.All.Select(mutant => mutant.Name)];

    [Fact]
    public void Run_OfAThousandSeeds_BreaksNoPromiseAndSeesEveryFault()
    {
        var coverage = new Coverage();
        var gate = new Lock();
        var broken = new SortedDictionary<ulong, string>();

        Parallel.For(0, Seeds, seed =>
        {
            var result = Simulation.Run((ulong)seed);
            lock (gate)
            {
                coverage.Add(result.Coverage);
                if (result.Violation is { } violation)
                {
                    broken.Add(result.Seed, violation);
                }
            }
        });

        Assert.Empty(broken);
        Assert.Empty(coverage.Missing);
    }

    [Fact]
    public void Run_OfOneSeedTwice_IsTheSameRun()
    {
        for (var seed = 0UL; seed < 10; seed++)
        {
            Assert.Equal(Simulation.Run(seed).Hash, Simulation.Run(seed, keepsTrace: true).Hash);
        }

        Assert.NotEqual(Simulation.Run(1).Hash, Simulation.Run(2).Hash);
    }

    [Theory]
    [MemberData(nameof(MutantNames))]
    public void Mutant_WithOneProtectionTakenAway_IsCaught(string name)
    {
        Assert.NotNull(Mutants.Catch(Mutants.All.Single(mutant => mutant.Name == name)));
    }
}
