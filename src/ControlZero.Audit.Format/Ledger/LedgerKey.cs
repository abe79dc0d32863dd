using System.Text;
using ControlZero.Audit.Format.Lines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.OpenSsl;
using Org.BouncyCastle.Security;

namespace ControlZero.Audit.Format.Ledger;

/// <summary>A private Ed25519 key that signs the ledger. PEM, as <c>openssl genpkey -algorithm ed25519</c> writes it.</summary>
/// <remarks>BouncyCastle: .NET has no Ed25519 of its own, and NSec would bring a native library into every program that verifies.</remarks>
public sealed class LedgerKey
{
    internal const int SignatureLength = 64;
    internal const int IdLength = 16;

    private readonly Ed25519PrivateKeyParameters _key;

    private LedgerKey(Ed25519PrivateKeyParameters key) => (_key, Public) = (key, new LedgerPublicKey(key.GeneratePublicKey()));

    /// <summary>What verifies its signatures.</summary>
    public LedgerPublicKey Public { get; }

    /// <summary>Makes a new key.</summary>
    public static LedgerKey Generate() => new(new Ed25519PrivateKeyParameters(new SecureRandom()));

    /// <summary>Reads a PEM text.</summary>
    /// <exception cref="FormatException">It holds no private Ed25519 key.</exception>
    public static LedgerKey FromPem(string pem) => Pem.Read(pem) is Ed25519PrivateKeyParameters key
        ? new LedgerKey(key)
        : throw new FormatException("the file holds no private Ed25519 key: make one with `openssl genpkey -algorithm ed25519`");

    /// <summary>Writes it as PEM.</summary>
    public string ToPem() => Pem.Write(new Pkcs8Generator(_key));

    /// <summary>Signs the digest of an index, as nothing else: 64 bytes.</summary>
    public byte[] SignIndex(ReadOnlySpan<byte> digest) => Sign(LedgerPublicKey.Message(LedgerPublicKey.IndexDomain, digest));

    internal string Sign(ChainHash hash) => Convert.ToHexStringLower(Sign(LedgerPublicKey.Message(hash)));

    private byte[] Sign(byte[] message)
    {
        var signature = new byte[SignatureLength];
        _key.Sign(Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.Algorithm.Ed25519, null, message, 0, message.Length, signature, 0);
        return signature;
    }
}

/// <summary>A public Ed25519 key that verifies a ledger. PEM, as <c>openssl pkey -pubout</c> writes it.</summary>
public sealed class LedgerPublicKey
{
    private readonly Ed25519PublicKeyParameters _key;

    internal static ReadOnlySpan<byte> IndexDomain => "controlzero-index/1\n"u8;

    internal LedgerPublicKey(Ed25519PublicKeyParameters key) => (_key, Id) = (key, ChainHash.Of(key.GetEncoded()).ToString()[..LedgerKey.IdLength]);

    /// <summary>The first 8 bytes of the key's SHA-256, in hex.</summary>
    public string Id { get; }

    /// <summary>Reads a PEM text.</summary>
    /// <exception cref="FormatException">It holds no public Ed25519 key.</exception>
    public static LedgerPublicKey FromPem(string pem) => Pem.Read(pem) is Ed25519PublicKeyParameters key
        ? new LedgerPublicKey(key)
        : throw new FormatException("the file holds no public Ed25519 key: `openssl pkey -in PRIVATE -pubout` writes it");

    /// <summary>Writes it as PEM.</summary>
    public string ToPem() => Pem.Write(_key);

    /// <summary>Whether the signature is this key's, of the digest of an index.</summary>
    public bool VerifyIndex(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature) =>
        signature.Length == LedgerKey.SignatureLength && Verify(Message(IndexDomain, digest), signature.ToArray());

    internal static byte[] Message(ChainHash hash)
    {
        Span<byte> bytes = stackalloc byte[ChainHash.Length];
        hash.CopyTo(bytes);
        return Message("controlzero-ledger/1\n"u8, bytes);
    }

    // What is signed says what it is: no signature of one kind is one of another.
    internal static byte[] Message(ReadOnlySpan<byte> domain, ReadOnlySpan<byte> content) => [.. domain, .. content];

    internal bool Verify(ChainHash hash, ReadOnlySpan<byte> hexSignature)
    {
        var signature = new byte[LedgerKey.SignatureLength];
        return Hex.TryDecode(hexSignature, signature) && Verify(Message(hash), signature);
    }

    private bool Verify(byte[] message, byte[] signature) =>
        _key.Verify(Org.BouncyCastle.Math.EC.Rfc8032.Ed25519.Algorithm.Ed25519, null, message, 0, message.Length, signature, 0);
}

file static class Pem
{
    public static object? Read(string text)
    {
        try
        {
            using var reader = new StringReader(text);
            return new PemReader(reader).ReadObject();
        }
        catch (Exception unreadable) when (unreadable is IOException or ArgumentException or InvalidCastException or Org.BouncyCastle.Security.SecurityUtilityException)
        {
            return null;
        }
    }

    public static string Write(object what)
    {
        using var text = new StringWriter(new StringBuilder()) { NewLine = "\n" };
        new PemWriter(text).WriteObject(what);
        return text.ToString();
    }
}
