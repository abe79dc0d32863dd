namespace ControlZero.Client.Routing;

/// <summary>
/// Whether an address is worth asking. One that failed is set aside for a while, longer each time it fails again; then one call tries it,
/// and the others only follow when that was answered.
/// </summary>
/// <param name="clock">The client's clock.</param>
/// <param name="chance">Even chance from 0 up to 1, so that clients that lost an address together do not come back together.</param>
internal sealed class Standing(TimeProvider clock, Func<double> chance)
{
    /// <summary>The longest first back-off. The shortest is half of it.</summary>
    public static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest back-off of all.</summary>
    public static readonly TimeSpan MaxBackOff = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private int _failures;
    private int _round;
    private long _setAsideAt;
    private TimeSpan _backOff;
    private bool _isTried;

    /// <summary>Asks to send a call. False: the address is set aside, or another call is trying it.</summary>
    public bool TryEnter(out Visit visit)
    {
        lock (_gate)
        {
            if (_failures > 0 && (_isTried || clock.GetElapsedTime(_setAsideAt) < _backOff))
            {
                visit = default;
                return false;
            }

            _isTried = _failures > 0;
            visit = new Visit(_round, _isTried);
            return true;
        }
    }

    /// <summary>Sends a call whatever the standing, because no address stands better.</summary>
    public Visit Enter()
    {
        lock (_gate)
        {
            return new Visit(_round, IsTrial: false);
        }
    }

    /// <summary>The address answered, be it with an error: it is worth asking again.</summary>
    public void Answered(Visit visit)
    {
        lock (_gate)
        {
            if (visit.Round == _round)
            {
                _failures = 0;
                _isTried = false;
            }
        }
    }

    /// <summary>The address did not answer, or cannot decide. Of the calls it failed together only the first counts.</summary>
    /// <param name="visit">The call.</param>
    /// <param name="atLeast">How long it asked to be left alone; no longer than <see cref="MaxBackOff"/> it is. Default: it did not ask.</param>
    public void Failed(Visit visit, TimeSpan atLeast = default)
    {
        lock (_gate)
        {
            if (visit.Round != _round)
            {
                return;
            }

            var longest = Shorter(FirstBackOff * Math.Pow(2, Math.Min(_failures, 10)), MaxBackOff);
            _backOff = Longer(longest * (0.5 + (chance() / 2)), Shorter(atLeast, MaxBackOff));
            _setAsideAt = clock.GetTimestamp();
            _isTried = false;
            _failures++;
            _round++;
        }
    }

    /// <summary>The caller gave up: nothing was learned.</summary>
    public void Abandoned(Visit visit)
    {
        lock (_gate)
        {
            _isTried &= !visit.IsTrial || visit.Round != _round;
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}

/// <summary>One call to an address.</summary>
/// <param name="Round">How often the address had been set aside when the call was sent.</param>
/// <param name="IsTrial">Whether the call tries an address that was set aside.</param>
internal readonly record struct Visit(int Round, bool IsTrial);
