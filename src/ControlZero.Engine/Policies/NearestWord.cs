namespace ControlZero.Engine.Policies;

/// <summary>Guesses which known word somebody meant.</summary>
public static class NearestWord
{
    private const int MaxDistance = 2;
    private const int MaxLength = 32;

    /// <summary>The known word at most two slips of the keyboard away whatever its letter case, or a synonym's meaning; null when nothing is near.</summary>
    public static string? Find(string word, IReadOnlyList<string> known)
    {
        if (PolicySchema.Synonyms.TryGetValue(word, out var meant) && known.Contains(meant))
        {
            return meant;
        }

        if (word.Length is 0 or > MaxLength)
        {
            return null;
        }

        var folded = word.ToLowerInvariant();
        // Two slips make a word of two letters into any other.
        var (nearest, smallest) = ((string?)null, Math.Min(MaxDistance, word.Length - 1) + 1);
        foreach (var candidate in known)
        {
            if (Math.Abs(candidate.Length - folded.Length) < smallest && Distance(folded, candidate.ToLowerInvariant()) is var distance && distance < smallest)
            {
                (nearest, smallest) = (candidate, distance);
            }
        }

        return nearest;
    }

    /// <summary>A remedy that names the nearest word, or all of them.</summary>
    public static string Remedy(string word, IReadOnlyList<string> known) => Find(word, known) is { } nearest
        ? $"did you mean `{nearest}`?"
        : $"use one of {string.Join(", ", known.Select(each => $"`{each}`"))}";

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that make one word into the other.</summary>
    public static int Distance(string left, string right)
    {
        var beforeLast = new int[right.Length + 1];
        var last = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var row = 1; row <= left.Length; row++)
        {
            var current = new int[right.Length + 1];
            current[0] = row;
            for (var column = 1; column <= right.Length; column++)
            {
                var replaced = last[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1);
                current[column] = Math.Min(replaced, Math.Min(last[column], current[column - 1]) + 1);
                if (row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1])
                {
                    current[column] = Math.Min(current[column], beforeLast[column - 2] + 1);
                }
            }

            (beforeLast, last) = (last, current);
        }

        return last[right.Length];
    }
}
