using System.Text;

namespace ControlZero.Audit.Format.Lines;

/// <summary>A SHA-256 value of the chain, 32 bytes.</summary>
/// <remarks>
/// <c>leaf = SHA256(salt ‖ content)</c> hides an event behind 16 random bytes; <c>hash = SHA256(prev ‖ leaf)</c> chains it. Whoever has only the
/// leaf can go on with the chain and learns nothing of the event.
/// </remarks>
public readonly record struct ChainHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Length = 32;

    /// <summary>Bytes of a salt.</summary>
    public const int SaltLength = 16;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private ChainHash(ReadOnlySpan<byte> bytes)
    {
        _a = BitConverter.ToUInt64(bytes);
        _b = BitConverter.ToUInt64(bytes[8..]);
        _c = BitConverter.ToUInt64(bytes[16..]);
        _d = BitConverter.ToUInt64(bytes[24..]);
    }

    /// <summary>Where the chain of a silo's generation begins: the hash before its first record.</summary>
    public static ChainHash Genesis(string silo, long generation) =>
        Of(Encoding.UTF8.GetBytes($"controlzero-audit/1\n{silo}\n{generation}\n"));

    /// <summary>SHA-256 of bytes as they are.</summary>
    public static ChainHash Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[Length];
        PlainSha256.Hash(bytes, hash);
        return new ChainHash(hash);
    }

    /// <summary>Takes 32 bytes.</summary>
    public static ChainHash FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Length ? new ChainHash(bytes) : throw new ArgumentException($"a hash has {Length} bytes, not {bytes.Length}", nameof(bytes));

    /// <summary>Reads 64 lower-case hex digits; false when they are not.</summary>
    public static bool TryParse(ReadOnlySpan<byte> hex, out ChainHash hash)
    {
        Span<byte> bytes = stackalloc byte[Length];
        var read = Hex.TryDecode(hex, bytes);
        hash = read ? new ChainHash(bytes) : default;
        return read;
    }

    /// <summary>Reads 64 lower-case hex digits; false when they are not.</summary>
    public static bool TryParse(string? hex, out ChainHash hash)
    {
        hash = default;
        return hex is { Length: Length * 2 } && TryParse(Encoding.ASCII.GetBytes(hex), out hash);
    }

    /// <summary>The hash of the line that follows this one: <c>SHA256(this ‖ leaf)</c>.</summary>
    public ChainHash Then(ChainHash leaf)
    {
        Span<byte> both = stackalloc byte[2 * Length];
        CopyTo(both);
        leaf.CopyTo(both[Length..]);
        return Of(both);
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> to)
    {
        BitConverter.TryWriteBytes(to, _a);
        BitConverter.TryWriteBytes(to[8..], _b);
        BitConverter.TryWriteBytes(to[16..], _c);
        BitConverter.TryWriteBytes(to[24..], _d);
    }

    /// <summary>64 lower-case hex digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
