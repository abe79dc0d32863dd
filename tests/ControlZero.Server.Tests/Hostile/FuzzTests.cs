using ControlZero.Fuzz;
using Xunit.Abstractions;

namespace ControlZero.Server.Tests.Hostile;

/// <summary>A smoke of every fuzz lane; `tests/fuzz` runs them for as long as one likes.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    // Milliseconds. `tests/fuzz` holds inputs against the promise; here only what is out of all proportion is a finding, for the machine may be busy.
    private const double SlowestMachine = 1_500;

    public static TheoryData<string> Lanes() => [.. Targets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Lanes))]
    public void Lane_OfTwoThousandInputs_FindsNothing(string name)
    {
        var result = Lane.Run(Targets.All.Single(target => target.Name == name), seed: 20260304, inputs => inputs < 2_000, SlowestMachine);

        output.WriteLine(result.ToString());
        Assert.True(result.Finding is null, $"{result.Finding?.What}\n{Convert.ToBase64String(result.Finding?.Input ?? [])}");
    }

    [Fact]
    public void Lane_OfATargetThatThrows_FindsIt()
    {
        var fragile = new Target("fragile", ["ok"u8.ToArray()], ["!"u8.ToArray()], input => ArgumentOutOfRangeException.ThrowIfEqual(input.Contains((byte)'!'), true));

        var finding = Lane.Run(fragile, seed: 1, inputs => inputs < 2_000, SlowestMachine).Finding;

        Assert.Contains((byte)'!', finding!.Input);
        Assert.Equal(finding.Input, Lane.Run(fragile, seed: 1, inputs => inputs < 2_000, SlowestMachine).Finding!.Input);
    }

    [Fact]
    public void Lane_OfATargetThatAllocatesTooMuch_FindsIt()
    {
        var greedy = new Target("greedy", ["ok"u8.ToArray()], ["!"u8.ToArray()], _ => GC.KeepAlive(new byte[17 << 20]));

        Assert.Contains("MiB", Lane.Run(greedy, seed: 1, inputs => inputs < 10, SlowestMachine).Finding!.What, StringComparison.Ordinal);
    }
}
