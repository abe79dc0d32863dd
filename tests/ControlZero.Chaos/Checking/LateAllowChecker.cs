using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>After a change that denies is acknowledged, nothing that it is about and that is sent later than the bound is allowed, by whichever server.</summary>
/// <param name="bound">The bound.</param>
/// <param name="done">What the change did, as a report says it: `suspended`.</param>
internal abstract class LateAllowChecker(TimeSpan bound, string done) : IChecker
{
    public abstract string Name { get; }

    public abstract string Promise { get; }

    /// <summary>The bound. Unit: microseconds.</summary>
    protected long Bound { get; } = (long)bound.TotalMicroseconds;

    public IEnumerable<Violation> Check(History history) =>
        LateAllows(history)
            .Where(late => late.Allow.Invoked - late.Change.Completed > Bound)
            .Select(late => new Violation(
                Name,
                late.Allow.Completed,
                FormattableString.Invariant($"allowed {(late.Allow.Invoked - late.Change.Completed) / 1000.0:0.0} ms after the acknowledgement: {late.Allow}; {done} by {late.Change}")));

    /// <summary>The longest time after an acknowledgement that an allow was sent. Unit: microseconds. 0: none was.</summary>
    public long Latest(History history) => LateAllows(history).Select(late => late.Allow.Invoked - late.Change.Completed).DefaultIfEmpty(0).Max();

    /// <summary>Each allow that was sent after the acknowledgement of a change that denies it, within the bound or not.</summary>
    protected abstract IEnumerable<(Call Change, Call Allow)> LateAllows(History history);
}
