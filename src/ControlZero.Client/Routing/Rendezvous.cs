using System.Text;

namespace ControlZero.Client.Routing;

/// <summary>
/// Rendezvous hashing: every client ranks the same addresses for an agent in the same order without talking to another, and when one is
/// added or taken away only the agents it is first for move. The Node client computes the same order; a test of each holds the same list.
/// </summary>
internal static class Rendezvous
{
    private const uint FnvOffset = 2166136261;
    private const uint FnvPrime = 16777619;

    /// <summary>What an address or an agent stands for in the ranking: FNV-1a of its UTF-8, then mixed.</summary>
    public static uint Seed(string text)
    {
        var hash = FnvOffset;
        foreach (var unit in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ unit) * FnvPrime;
        }

        return Mix(hash);
    }

    /// <summary>How high an address ranks for an agent; the highest is asked first.</summary>
    public static uint Score(uint addressSeed, uint agentSeed) => Mix(addressSeed ^ agentSeed);

    /// <summary>The finalizer of MurmurHash3: without it the last characters of an id would hardly count.</summary>
    private static uint Mix(uint hash)
    {
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
        return hash ^ (hash >> 16);
    }
}
