using Orleans.Configuration;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>How silos of one cluster find, watch and call each other: times for a local network.</summary>
internal static class ClusterProfile
{
    /// <summary>How long a call to a grain may take before its caller is told that there was no answer.</summary>
    public static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How many ended lives of silos the membership remembers, each for a week at most.</summary>
    public const int RememberedSilos = 1_000;

    /// <summary>Sets it.</summary>
    public static ISiloBuilder UseClusterProfile(this ISiloBuilder silo, ClusterSettings cluster)
    {
        // With the default directory the loss of a silo also ends up to a quarter of the survivors' activations.
#pragma warning disable ORLEANSEXP003 // It is experimental: nothing correct depends on it, only how much is disturbed by a loss.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003

        // A lease keeps the agents of a dead silo away for half a minute. They need none: what must not be granted twice is fenced in storage.
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = TimeSpan.Zero);
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(1);
            membership.MinProbeTimeout = TimeSpan.FromMilliseconds(500);
            membership.MaxProbeTimeout = cluster.MaxProbe;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);

            // Three missed ones make a silo that left without a word stale, so that a cluster which lost all its silos starts again after 15 s.
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);

            // Pages of the audit log name who is down by these entries. With the usual 25, a server that is started again and again has another one forgotten within the hour.
            membership.MaxDefunctSiloEntries = RememberedSilos;
        });
        return silo;
    }
}
