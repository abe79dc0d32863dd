using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Abstractions.Keys;

namespace ControlZero.Server.Authentication;

/// <summary>
/// A full API key: <c>cz_live_</c> or <c>cz_test_</c>, 12 characters of public id, <c>_</c>, 43 characters of secret (256 random bits)
/// and 6 of checksum (CRC-32 of all that precedes), in base 62. The checksum lets scanners and the front door tell a mistyped key
/// from a key without any I/O; it protects nothing.
/// </summary>
internal sealed class ApiKey
{
    private const string Live = "cz_live_";
    private const string Test = "cz_test_";
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int SecretLength = 43;
    private const int ChecksumLength = 6;
    private const int Length = 8 + KeyId.Length + 1 + SecretLength + ChecksumLength;

    private ApiKey(string text, KeyId id)
    {
        Text = text;
        Id = id;
    }

    /// <summary>The key as its holder has it. Never stored, logged or shown but in the answer that creates it.</summary>
    public string Text { get; }

    /// <summary>Its public id.</summary>
    public KeyId Id { get; }

    /// <summary>What is stored of it.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Text)));

    /// <summary>Makes a new key.</summary>
    public static ApiKey Generate(bool test)
    {
        var id = RandomNumberGenerator.GetString(Alphabet, KeyId.Length);
        var body = $"{(test ? Test : Live)}{id}_{InBase62(RandomNumberGenerator.GetBytes(32), SecretLength)}";
        Span<char> checksum = stackalloc char[ChecksumLength];
        WriteChecksum(body, checksum);
        return new ApiKey($"{body}{checksum}", KeyId.Parse(id));
    }

    /// <summary>Reads a key; false when it has not the form of one or its checksum is wrong.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ApiKey? key)
    {
        key = null;
        if (text.Length != Length
            || !(text.StartsWith(Live, StringComparison.Ordinal) || text.StartsWith(Test, StringComparison.Ordinal))
            || text[Live.Length + KeyId.Length] != '_'
            || !KeyId.TryParse(text.Substring(Live.Length, KeyId.Length), out var id)
            || !text.AsSpan(Live.Length + KeyId.Length + 1).ContainsOnlyBase62()
            || !HasChecksum(text))
        {
            return false;
        }

        key = new ApiKey(text, id);
        return true;
    }

    /// <summary>True when this is the key whose hash was stored. Takes the same time whatever differs.</summary>
    public bool HasHash(string hash)
    {
        Span<byte> text = stackalloc byte[Length];
        Span<byte> ours = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> theirs = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.ASCII.GetBytes(Text, text)], ours);
        return Convert.FromHexString(hash, theirs, out _, out var written) == OperationStatus.Done
            && written == theirs.Length
            && CryptographicOperations.FixedTimeEquals(ours, theirs);
    }

    /// <summary>The id alone: a key must not slip into a log by being printed.</summary>
    public override string ToString() => Id.Value;

    // Every call of every client passes here: nothing is allocated.
    private static bool HasChecksum(ReadOnlySpan<char> text)
    {
        Span<char> checksum = stackalloc char[ChecksumLength];
        WriteChecksum(text[..^ChecksumLength], checksum);
        return text.EndsWith(checksum, StringComparison.Ordinal);
    }

    private static void WriteChecksum(ReadOnlySpan<char> body, Span<char> digits)
    {
        Span<byte> bytes = stackalloc byte[Length];
        var rest = Crc32.HashToUInt32(bytes[..Encoding.ASCII.GetBytes(body, bytes)]);
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            (rest, var digit) = Math.DivRem(rest, (uint)Alphabet.Length);
            digits[i] = Alphabet[(int)digit];
        }
    }

    private static string InBase62(ReadOnlySpan<byte> bigEndian, int length)
    {
        var number = new BigInteger(bigEndian, isUnsigned: true, isBigEndian: true);
        Span<char> digits = stackalloc char[length];
        for (var i = length - 1; i >= 0; i--)
        {
            number = BigInteger.DivRem(number, Alphabet.Length, out var digit);
            digits[i] = Alphabet[(int)digit];
        }

        return digits.ToString();
    }
}

file static class Base62
{
    public static bool ContainsOnlyBase62(this ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiLetterOrDigit(character))
            {
                return false;
            }
        }

        return true;
    }
}
