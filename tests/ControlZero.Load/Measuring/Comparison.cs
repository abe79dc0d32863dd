namespace ControlZero.Load.Measuring;

/// <summary>A scenario's samples of both servers, taken turn about: the samples of a round are neighbours in time.</summary>
internal sealed class Comparison(Scenario scenario)
{
    private readonly List<(Sample Echo, Sample Ours)> _rounds = [];

    /// <summary>What was measured.</summary>
    public Scenario Scenario => scenario;

    /// <summary>Adds a round.</summary>
    public void Add(Sample echo, Sample ours) => _rounds.Add((echo, ours));

    /// <summary>A figure of the echo: the median over the rounds.</summary>
    public double Echo(Func<Sample, double> figure) => Median(_rounds.Select(round => figure(round.Echo)));

    /// <summary>A figure of ours: the median over the rounds.</summary>
    public double Ours(Func<Sample, double> figure) => Median(_rounds.Select(round => figure(round.Ours)));

    /// <summary>Ours to the echo's, of the same round: median, least and greatest. Ratios of medians would mix rounds.</summary>
    public Ratio RatioOf(Func<Sample, double> figure)
    {
        var ratios = _rounds.Select(round => figure(round.Ours) / figure(round.Echo)).ToList();
        return new Ratio(Median(ratios), ratios.Min(), ratios.Max());
    }

    /// <summary>The ratio the scenario is about.</summary>
    public Ratio Headline => RatioOf(scenario.Kind == ScenarioKind.Throughput ? sample => sample.Rate : sample => sample.P50);

    private static double Median(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}

/// <summary>Ours to the echo's over all rounds.</summary>
/// <param name="Median">The median.</param>
/// <param name="Least">The least of a round.</param>
/// <param name="Greatest">The greatest of a round.</param>
internal readonly record struct Ratio(double Median, double Least, double Greatest);
