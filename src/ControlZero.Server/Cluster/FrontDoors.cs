using System.Collections.Concurrent;
using ControlZero.Grains.Cluster;

namespace ControlZero.Server.Cluster;

/// <summary>
/// Where the front doors of the other silos are. Nobody waits for it: the first to ask about a silo starts the question, and later ones have the
/// answer.
/// </summary>
internal sealed class FrontDoors(IClusterView cluster)
{
    // A silo that starts anew has another address, so what is known of one stays true. Past this many, all are forgotten.
    private const int Capacity = 1_000;

    private readonly ConcurrentDictionary<SiloAddress, string> _known = new();
    private int _asking;

    /// <summary>Whether an answer came from another silo than this one.</summary>
    public bool IsElsewhere(SiloAddress? silo) => silo is not null && !silo.Equals(cluster.Self);

    /// <summary>Where clients reach that silo. Null: it is this one, or that is not known yet.</summary>
    public string? Find(SiloAddress? silo)
    {
        if (!IsElsewhere(silo))
        {
            return null;
        }

        if (_known.TryGetValue(silo!, out var address))
        {
            return address;
        }

        if (Interlocked.Exchange(ref _asking, 1) == 0)
        {
            _ = AskAsync();
        }

        return null;
    }

    private async Task AskAsync()
    {
        try
        {
            if (_known.Count > Capacity)
            {
                _known.Clear();
            }

            foreach (var silo in await cluster.AskAsync(CancellationToken.None))
            {
                if (silo.Facts?.FrontDoor is { } address)
                {
                    _known[silo.Address] = address;
                }
            }
        }
        catch (Exception failure) when (failure is OrleansException or ObjectDisposedException or TimeoutException)
        {
            // The next answer from elsewhere asks again; without an owner's address clients go on as before.
        }
        finally
        {
            Volatile.Write(ref _asking, 0);
        }
    }
}
