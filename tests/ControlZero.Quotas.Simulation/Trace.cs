namespace ControlZero.Quotas.Simulation;

/// <summary>What happened in a run, in order. Its hash tells whether two runs were the same one; its lines are kept only for a run somebody reads.</summary>
internal sealed class Trace(bool keepsLines)
{
    private const ulong Basis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    private readonly List<string> _lines = [];

    public ulong Hash { get; private set; } = Basis;

    public IReadOnlyList<string> Lines => _lines;

    public void Note(DateTimeOffset now, string line)
    {
        Add((ulong)now.UtcTicks);
        foreach (var unit in line)
        {
            Add(unit);
        }

        if (keepsLines)
        {
            _lines.Add($"{now:dd HH:mm:ss.fff}  {line}");
        }
    }

    private void Add(ulong value) => Hash = unchecked((Hash ^ value) * Prime);
}
