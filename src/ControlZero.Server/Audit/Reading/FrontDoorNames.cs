namespace ControlZero.Server.Audit.Reading;

/// <summary>Who has announced himself of late. One caller at a time.</summary>
internal sealed class FrontDoorNames(TimeProvider clock)
{
    /// <summary>Between two announcements of a front door.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    /// <summary>How long one that announces itself no more is remembered.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(2);

    // Far more than a cluster has front doors.
    private const int Most = 1_000;

    private readonly Dictionary<string, DateTimeOffset> _until = [];

    /// <summary>Remembers a name.</summary>
    public void Add(string name)
    {
        if (_until.Count < Most || _until.ContainsKey(name))
        {
            _until[name] = clock.GetUtcNow() + Kept;
        }
    }

    /// <summary>The names, in order.</summary>
    public string[] Present()
    {
        foreach (var gone in _until.Where(each => each.Value < clock.GetUtcNow()).Select(each => each.Key).ToList())
        {
            _until.Remove(gone);
        }

        return [.. _until.Keys.Order(StringComparer.Ordinal)];
    }
}
