using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace ControlZero.Audit.Redaction;

/// <summary>
/// Texts that were searched and in which nothing was found, so that they are not searched again: models, actions, rules and reasons come over and over. Each
/// has one place by its hash and gives way to the next one there, so that a caller who makes texts up costs time and never memory.
/// </summary>
internal sealed class HarmlessTexts
{
    private const int Places = 4096;

    // Longer ones are searched each time: what is kept is 2 MiB at most.
    private const int Longest = 256;

    private readonly string?[] _texts = new string?[Places];

    // INVARIANT: a text passes only by being equal to the last letter to one that was searched. A place is one reference, so no lock is needed.
    /// <summary>True: it was searched before.</summary>
    /// <param name="text">The text.</param>
    /// <param name="place">Where it would stand. To be given to <see cref="Add"/>.</param>
    public bool Has(string text, out int place)
    {
        if (text.Length > Longest)
        {
            place = -1;
            return false;
        }

        place = (int)(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan())) % Places);
        return string.Equals(Volatile.Read(ref _texts[place]), text, StringComparison.Ordinal);
    }

    /// <summary>Says that nothing is in it.</summary>
    public void Add(string text, int place)
    {
        if (place >= 0)
        {
            Volatile.Write(ref _texts[place], text);
        }
    }
}
