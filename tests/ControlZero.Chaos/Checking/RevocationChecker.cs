using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>
/// After the revocation of a key is acknowledged, nothing that is sent with it later than the bound is allowed, by whichever server: for good, no key comes
/// back. Tenants that let stale servers allow are held to it while no fault is about.
/// </summary>
/// <param name="bound">The bound.</param>
internal sealed class RevocationChecker(TimeSpan bound) : LateAllowChecker(bound, "revoked")
{
    public override string Name => "revocation";

    public override string Promise => $"no allow sent with a key more than {Bound / 1e6:0.###} s after its acknowledged revocation";

    /// <summary>How many keys were revoked, as was acknowledged.</summary>
    public static int Revoked(History history) => Revocations(history).Count;

    protected override IEnumerable<(Call Change, Call Allow)> LateAllows(History history)
    {
        var revocations = Revocations(history);
        foreach (var allow in history.Decisions.Where(call => call.Answer!.Allowed && call.Key.Length > 0))
        {
            if (revocations.TryGetValue(allow.Key, out var revocation) && allow.Invoked > revocation.Completed && !history.MayBeStale(allow, Bound))
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
