using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>
/// After the revocation of a key is acknowledged, nothing that is sent with it later than the bound is allowed, by whichever server: for good, no key comes
/// back. Tenants that let stale servers allow are held to it while no fault is about.
/// </summary>
/// <param name="bound">The bound.</param>
internal sealed class RevocationChecker(TimeSpan bound) : IChecker
{
    private readonly long _bound = (long)bound.TotalMicroseconds;

    public string Name => "revocation";

    public string Promise => $"no allow sent with a key more than {bound.TotalSeconds:0.###} s after its acknowledged revocation";

    public IEnumerable<Violation> Check(History history) =>
        LateAllows(history)
            .Where(late => late.Allow.Invoked - late.Revocation.Completed > _bound)
            .Select(late => new Violation(
                Name,
                late.Allow.Completed,
                FormattableString.Invariant($"allowed {(late.Allow.Invoked - late.Revocation.Completed) / 1000.0:0.0} ms after the acknowledgement: {late.Allow}; revoked by {late.Revocation}")));

    /// <summary>The longest time after an acknowledgement that an allow was sent. Unit: microseconds. 0: none was.</summary>
    public long Latest(History history) => LateAllows(history).Select(late => late.Allow.Invoked - late.Revocation.Completed).DefaultIfEmpty(0).Max();

    /// <summary>How many keys were revoked, as was acknowledged.</summary>
    public static int Revoked(History history) => Revocations(history).Count;

    private IEnumerable<(Call Revocation, Call Allow)> LateAllows(History history)
    {
        var revocations = Revocations(history);
        foreach (var allow in history.Decisions.Where(call => call.Answer!.Allowed && call.Key.Length > 0))
        {
            if (revocations.TryGetValue(allow.Key, out var revocation) && allow.Invoked > revocation.Completed && !history.MayBeStale(allow, _bound))
            {
                yield return (revocation, allow);
            }
        }
    }

    // The first acknowledged one of each key: the promise runs from then on.
    private static Dictionary<string, Call> Revocations(History history) => history.Calls
        .Where(call => call is { Operation: Operation.RevokeKey, IsOk: true })
        .GroupBy(call => call.Key)
        .ToDictionary(calls => calls.Key, calls => calls.MinBy(call => call.Completed)!);
}
