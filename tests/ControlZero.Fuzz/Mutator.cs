namespace ControlZero.Fuzz;

/// <summary>Makes inputs from the corpus of a target. The same seed makes the same inputs.</summary>
internal sealed class Mutator(Target target, int seed)
{
    private const int MaxLength = 8 * 1024;

    // CA5394: a fuzzer wants a seed, not secrets.
#pragma warning disable CA5394
    private readonly Random _random = new(seed);

    /// <summary>The next input.</summary>
    public byte[] Next()
    {
        var input = _random.Next(50) == 0 ? [] : new List<byte>(Pick(target.Corpus));
        for (var edits = 1 << _random.Next(6); edits > 0; edits--)
        {
            Edit(input);
        }

        return [.. input.Take(MaxLength)];
    }

    private void Edit(List<byte> input)
    {
        var at = _random.Next(input.Count + 1);
        var length = Math.Min(1 << _random.Next(8), input.Count - at);
        switch (_random.Next(6))
        {
            case 0 when at < input.Count:
                input[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                input.RemoveRange(at, length);
                break;
            case 2 when input.Count < MaxLength:
                input.InsertRange(at, input.GetRange(at, length));
                break;
            case 3 when input.Count < MaxLength:
                input.InsertRange(at, Enumerable.Repeat(Pick(target.Tokens), 1 << _random.Next(_random.Next(8) + 1)).SelectMany(token => token));
                break;
            case 4:
                var other = Pick(target.Corpus);
                var from = _random.Next(other.Length + 1);
                input.InsertRange(at, other[from..Math.Min(other.Length, from + 64)]);
                break;
            default:
                input.Insert(at, (byte)_random.Next(256));
                break;
        }
    }

    private byte[] Pick(IReadOnlyList<byte[]> from) => from[_random.Next(from.Count)];
#pragma warning restore CA5394
}
