using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Reading;

/// <summary>
/// Who signs indexes, and whose are believed. Without keys an index is believed when its digest is right, as a segment is when its chain is: that finds
/// accidents, and nothing that somebody did who can write the log.
/// </summary>
/// <param name="Key">Signs what this reader makes. Null: unsigned.</param>
/// <param name="Trusted">Whose signature is right. Empty: signatures are not looked at.</param>
public sealed record IndexSeal(LedgerKey? Key, IReadOnlyList<LedgerPublicKey> Trusted)
{
    internal const int DigestLength = SHA256.HashSizeInBytes;
    internal const int KeyLength = 8;
    internal const int SignatureLength = 64;
    internal const int Length = DigestLength + KeyLength + SignatureLength;

    /// <summary>No keys.</summary>
    public static IndexSeal None { get; } = new(null, []);

    /// <summary>The seal of an index: digest, key and signature, the last two zeros when it is unsigned.</summary>
    internal byte[] Write(SegmentId id, long segmentLength, ReadOnlySpan<byte> directory)
    {
        var seal = new byte[Length];
        var digest = Digest(id, segmentLength, directory);
        digest.CopyTo(seal, 0);
        if (Key is not null)
        {
            Convert.FromHexString(Key.Public.Id).CopyTo(seal, DigestLength);
            Key.SignIndex(digest).CopyTo(seal, DigestLength + KeyLength);
        }

        return seal;
    }

    /// <summary>Whether an index with that seal is of this state of the segment, whole, and made by somebody who is believed.</summary>
    internal bool IsRight(ReadOnlySpan<byte> seal, SegmentId id, long segmentLength, ReadOnlySpan<byte> directory)
    {
        var digest = Digest(id, segmentLength, directory);
        if (!seal[..DigestLength].SequenceEqual(digest))
        {
            return false;
        }

        var key = Convert.ToHexStringLower(seal.Slice(DigestLength, KeyLength));
        return Trusted.Count == 0 || Trusted.FirstOrDefault(each => each.Id == key)?.VerifyIndex(digest, seal[(DigestLength + KeyLength)..]) == true;
    }

    // The segment is in it: the index of another one, or of what this one was, is no index of it.
    private static byte[] Digest(SegmentId id, long segmentLength, ReadOnlySpan<byte> directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, segmentLength);
        hash.AppendData(Encoding.UTF8.GetBytes($"controlzero-index/2\n{id}\n"));
        hash.AppendData(length);
        hash.AppendData(directory);
        return hash.GetHashAndReset();
    }
}
