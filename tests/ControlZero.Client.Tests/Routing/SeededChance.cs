namespace ControlZero.Client.Tests.Routing;

/// <summary>Chance that is the same in every run. Safe for concurrent use.</summary>
internal sealed class SeededChance(int seed)
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);

    public double Next()
    {
        lock (_gate)
        {
            return _random.NextDouble();
        }
    }
}
