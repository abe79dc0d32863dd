using ControlZero.Grains.Feed;
using ControlZero.Server.Rpc;

namespace ControlZero.Server.Health;

/// <summary>
/// Whether this server wants work: it is a part of its cluster, was not told to stop, reaches its storage, knows of the cluster's changes and keeps up. Asks
/// nobody: each part is a look at what is known.
/// </summary>
internal sealed class SiloReadiness(IMembership membership, Drain drain, StorageProbe storage, SiloFreshness freshness, CallLimit calls)
{
    /// <summary>Why it does not, each a word for programs. Empty: it does.</summary>
    public IReadOnlyList<string> Reasons()
    {
        List<string>? reasons = null;
        Add(drain.HasBegun, "draining");
        Add(membership.Missing is not null, membership.Missing!);
        Add(!storage.IsReachable, "storage_unreachable");
        Add(!freshness.IsFresh, "policies_stale");
        Add(calls.IsOverloaded, "overloaded");
        return (IReadOnlyList<string>?)reasons ?? [];

        void Add(bool holds, string reason)
        {
            if (holds)
            {
                (reasons ??= []).Add(reason);
            }
        }
    }
}
