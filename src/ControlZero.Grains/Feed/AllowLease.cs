namespace ControlZero.Grains.Feed;

/// <summary>How long an allow may still leave this process. The default one never ends.</summary>
public readonly struct AllowLease
{
    private readonly SiloFreshness? _freshness;
    private readonly Moment _asked;
    private readonly TimeSpan _left;

    internal AllowLease(SiloFreshness freshness, Moment asked, TimeSpan left)
    {
        _freshness = freshness;
        _asked = asked;
        _left = left;
    }

    /// <summary>True when it is over: what the decision was made with is older now than the bound.</summary>
    public bool IsOver => _freshness is not null && _freshness.Since(_asked) > _left;

    /// <summary>The same for several that are looked at together.</summary>
    /// <param name="now">The present. Default: it is read here, for the first of them that has a lease.</param>
    public bool IsOverAt(ref Moment now)
    {
        if (_freshness is null)
        {
            return false;
        }

        now = now == default ? _freshness.Now() : now;
        return _freshness.Between(_asked, now) > _left;
    }
}
