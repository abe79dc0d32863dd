using System.Text;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Format.Ledger;

/// <summary>
/// A line of the ledger: <c>{"hash":"H","prev":"P","sig":"S","key":"K",CONTENT}</c>, to the byte. <c>hash = SHA256(prev ‖ SHA256(CONTENT))</c>; signature and key
/// id are empty together.
/// </summary>
public readonly ref struct LedgerLine
{
    private const int HashAt = 9;
    private const int PreviousAt = HashAt + 64 + 10;
    private const int SignatureAt = PreviousAt + 64 + 9;

    private LedgerLine(ChainHash hash, ChainHash previous, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> keyId, ReadOnlySpan<byte> content)
    {
        Hash = hash;
        Previous = previous;
        Signature = signature;
        KeyId = keyId;
        Content = content;
    }

    /// <summary>As written.</summary>
    public ChainHash Hash { get; }

    /// <summary>Hash of the record before, as written.</summary>
    public ChainHash Previous { get; }

    /// <summary>128 hex digits, or none.</summary>
    public ReadOnlySpan<byte> Signature { get; }

    /// <summary>16 hex digits, or none.</summary>
    public ReadOnlySpan<byte> KeyId { get; }

    /// <summary>Members of a JSON object, without its braces.</summary>
    public ReadOnlySpan<byte> Content { get; }

    /// <summary>Whether the written hash is the one of previous hash and content.</summary>
    public bool IsIntact => Previous.Then(ChainHash.Of(Content)) == Hash;

    /// <summary>Reads a line without its line feed; false when it is not laid out as one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out LedgerLine parsed)
    {
        parsed = default;
        if (line.Length <= SignatureAt
            || line[^1] != '}'
            || !line.StartsWith("{\"hash\":\""u8)
            || !line[(HashAt + 64)..].StartsWith("\",\"prev\":\""u8)
            || !line[(PreviousAt + 64)..].StartsWith("\",\"sig\":\""u8)
            || !ChainHash.TryParse(line.Slice(HashAt, 64), out var hash)
            || !ChainHash.TryParse(line.Slice(PreviousAt, 64), out var previous))
        {
            return false;
        }

        var rest = line[SignatureAt..^1];
        var signature = rest[..Math.Max(0, rest.IndexOf((byte)'"'))];
        rest = rest[signature.Length..];
        if (!rest.StartsWith("\",\"key\":\""u8))
        {
            return false;
        }

        rest = rest["\",\"key\":\""u8.Length..];
        var key = rest[..Math.Max(0, rest.IndexOf((byte)'"'))];
        rest = rest[key.Length..];
        if (!rest.StartsWith("\","u8) || (signature.Length, key.Length) is not ((0, 0) or (LedgerKey.SignatureLength * 2, LedgerKey.IdLength)))
        {
            return false;
        }

        parsed = new LedgerLine(hash, previous, signature, key, rest[2..]);
        return true;
    }

    /// <summary>Writes a line with its line feed, signed when there is a key.</summary>
    public static byte[] Write(ChainHash previous, string content, LedgerKey? key, out ChainHash hash)
    {
        hash = previous.Then(ChainHash.Of(Encoding.UTF8.GetBytes(content)));
        return Encoding.UTF8.GetBytes(
            $"{{\"hash\":\"{hash}\",\"prev\":\"{previous}\",\"sig\":\"{key?.Sign(hash)}\",\"key\":\"{key?.Public.Id}\",{content}}}\n");
    }
}
