using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ControlZero.Audit.Reading;

/// <summary>
/// The index of a sealed segment as a file beside it, <c>….idx</c>, little endian: <c>CZIX</c>, u32 version, i64 length of the segment, i32 length of the
/// directory, 4 zeros, the seal (<see cref="IndexSeal"/>); the directory, for each tenant: u8 length of its name, name, i32 chunks, i32 entries, i64 place of its
/// entries, i32 length of the names of its agents and the first 16 bytes of their SHA-256, of each chunk earliest and latest time and as much of the SHA-256 of
/// its entries; then of each tenant its entries in one piece and the names of its agents, each with a u16 before it, its length. It can be made again from the
/// segment at any time, to the same bytes.
/// </summary>
internal sealed class IndexFile
{
    /// <summary>Ending of its name, in place of the segment's.</summary>
    public const string Extension = ".idx";

    /// <summary>Bytes before the directory.</summary>
    public const int HeaderSize = FieldsSize + IndexSeal.Length;

    private const uint Magic = 0x5849_5A43;
    private const uint Version = 3;
    private const int FieldsSize = 24;
    private const int DigestLength = 16;

    // Of a tenant in the directory, between its name and its chunks.
    private const int TenantFieldsSize = 20 + DigestLength;

    private readonly Dictionary<string, Part> _parts;

    private IndexFile(ReadOnlyMemory<byte> begin, Dictionary<string, Part> parts) => (Begin, _parts) = (begin, parts);

    /// <summary>What of it is in memory: from its beginning, the directory at least.</summary>
    public ReadOnlyMemory<byte> Begin { get; }

    /// <summary>What it takes in memory. Unit: bytes, about.</summary>
    public long Weight => 512 + (2L * Begin.Length) + (256L * _parts.Count);

    /// <summary>The entries of a tenant. Null: the segment has no event of it.</summary>
    public Part? Find(string tenant) => _parts.GetValueOrDefault(tenant);

    /// <summary>The index of a segment, sealed.</summary>
    public static byte[] Write(SegmentIndex index, IndexSeal seal)
    {
        var (directory, entries) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        var directoryLength = index.Tenants.Sum(tenant =>
            1 + Encoding.UTF8.GetByteCount(tenant.Key) + TenantFieldsSize + ((Unsafe.SizeOf<TimeSpread>() + DigestLength) * tenant.Value.Chunks.Length));
        foreach (var (tenant, found) in index.Tenants)
        {
            directory.Write([(byte)Encoding.UTF8.GetByteCount(tenant)]);
            directory.Write(Encoding.UTF8.GetBytes(tenant));
            Put(directory, found.Chunks.Length);
            Put(directory, found.Count);
            Put(directory, (long)HeaderSize + directoryLength + entries.WrittenCount);
            var agents = Names(found.Agents.Span);
            Put(directory, agents.Length);
            directory.Write(SHA256.HashData(agents).AsSpan(0, DigestLength));
            for (var chunk = 0; chunk < found.Chunks.Length; chunk++)
            {
                var bytes = MemoryMarshal.AsBytes(found.Chunk(chunk).Span);
                Put(directory, found.Chunks[chunk]);
                directory.Write(SHA256.HashData(bytes).AsSpan(0, DigestLength));
                entries.Write(bytes);
            }

            entries.Write(agents);
        }

        var header = new ArrayBufferWriter<byte>(HeaderSize);
        Put(header, Magic);
        Put(header, Version);
        Put(header, index.Length);
        Put(header, directory.WrittenCount);
        Put(header, 0);
        header.Write(seal.Write(index.Segment, index.Length, directory.WrittenSpan));
        return [.. header.WrittenSpan, .. directory.WrittenSpan, .. entries.WrittenSpan];
    }

    /// <summary>How many bytes header and directory have, as the header says. Null: it is none.</summary>
    public static long? HeadLengthOf(ReadOnlySpan<byte> begin) => begin.Length >= HeaderSize && Peek<uint>(begin, 0) == Magic && Peek<uint>(begin, 4) == Version
        && Peek<int>(begin, 16) >= 0 ? (long)HeaderSize + Peek<int>(begin, 16) : null;

    /// <summary>Reads header and directory. Null: broken, of another state of the segment or another segment, or of somebody who is not believed.</summary>
    /// <param name="begin">Both of them, and as much of the rest as is to be kept in memory.</param>
    /// <param name="segment">The segment as it was listed.</param>
    /// <param name="indexLength">Length of the whole. Unit: bytes.</param>
    /// <param name="seal">Who is believed.</param>
    public static IndexFile? TryRead(ReadOnlyMemory<byte> begin, IndexedSegment segment, long indexLength, IndexSeal seal)
    {
        if (HeadLengthOf(begin.Span) is not { } headLength || headLength > begin.Length || Peek<long>(begin.Span, 8) != segment.Length)
        {
            return null;
        }

        var directory = begin.Span[HeaderSize..(int)headLength];
        return seal.IsRight(begin.Span[FieldsSize..HeaderSize], segment.Id, segment.Length, directory) && TryReadParts(directory, headLength, indexLength) is { } parts
            ? new IndexFile(begin, parts)
            : null;
    }

    /// <summary>What of a chunk is in memory already. Empty: it has to be read.</summary>
    public ReadOnlyMemory<byte> InMemory(in ChunkPlace place) => place.Offset + place.Length <= Begin.Length ? Begin.Slice((int)place.Offset, place.Length) : default;

    // Whoever is believed may be wrong all the same: nothing is read or reserved that the file does not have.
    private static Dictionary<string, Part>? TryReadParts(ReadOnlySpan<byte> directory, long headLength, long indexLength)
    {
        var (parts, next) = (new Dictionary<string, Part>(), headLength);
        while (directory.Length > 0)
        {
            var nameLength = directory[0];
            if (directory.Length < 1 + nameLength + TenantFieldsSize)
            {
                return null;
            }

            var name = Encoding.UTF8.GetString(directory.Slice(1, nameLength));
            directory = directory[(1 + nameLength)..];
            var (chunks, count, at) = (Peek<int>(directory, 0), Peek<int>(directory, 4), Peek<long>(directory, 8));
            var (agentsLength, agentsDigest) = (Peek<int>(directory, 16), Peek<UInt128>(directory, 20));
            directory = directory[TenantFieldsSize..];
            var step = Unsafe.SizeOf<TimeSpread>() + DigestLength;
            if (count < 1
                || chunks != ((count - 1) / TenantEntries.ChunkSize) + 1
                || directory.Length / step < chunks
                || at != next
                || agentsLength < 0
                || at > indexLength - agentsLength - ((long)count * EventEntry.Size))
            {
                return null;
            }

            var (spreads, digests) = (ImmutableArray.CreateBuilder<TimeSpread>(chunks), new UInt128[chunks]);
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                spreads.Add(Peek<TimeSpread>(directory, chunk * step));
                digests[chunk] = Peek<UInt128>(directory, (chunk * step) + Unsafe.SizeOf<TimeSpread>());
            }

            directory = directory[(chunks * step)..];
            next += ((long)count * EventEntry.Size) + agentsLength;
            if (!parts.TryAdd(name, new Part(at, count, spreads.MoveToImmutable(), digests, agentsLength, agentsDigest)))
            {
                return null;
            }
        }

        return next == indexLength ? parts : null;
    }

    // Those of lines that were never ours may be longer than any agent's: of them no pattern needs more.
    private static byte[] Names(ReadOnlySpan<string> agents)
    {
        var names = new ArrayBufferWriter<byte>();
        foreach (var agent in agents)
        {
            var name = Encoding.UTF8.GetBytes(agent).AsSpan();
            name = name[..Math.Min(name.Length, ushort.MaxValue)];
            Put(names, (ushort)name.Length);
            names.Write(name);
        }

        return names.WrittenSpan.ToArray();
    }

    private static void Put<T>(ArrayBufferWriter<byte> to, T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(to.GetSpan(Unsafe.SizeOf<T>()), value);
        to.Advance(Unsafe.SizeOf<T>());
    }

    private static T Peek<T>(ReadOnlySpan<byte> from, int at)
        where T : unmanaged => MemoryMarshal.Read<T>(from[at..]);

    /// <summary>A tenant's part.</summary>
    public sealed class Part(long at, int count, ImmutableArray<TimeSpread> spreads, UInt128[] digests, int agentsLength, UInt128 agentsDigest)
    {
        /// <summary>Where the names of its agents are.</summary>
        public ChunkPlace PlaceOfAgents => new(at + ((long)count * EventEntry.Size), agentsLength);

        /// <summary>The times of its chunks.</summary>
        public ImmutableArray<TimeSpread> Spreads => spreads;

        /// <summary>Where a chunk is.</summary>
        public ChunkPlace PlaceOf(int chunk) => new(
            at + ((long)chunk * TenantEntries.ChunkSize * EventEntry.Size),
            Math.Min(TenantEntries.ChunkSize, count - (chunk * TenantEntries.ChunkSize)) * EventEntry.Size);

        /// <summary>The names of its agents. Null: these are not they.</summary>
        public string[]? TakeAgents(ReadOnlySpan<byte> bytes)
        {
            if (MemoryMarshal.Read<UInt128>(SHA256.HashData(bytes)) != agentsDigest)
            {
                return null;
            }

            var names = new List<string>();
            while (bytes.Length >= sizeof(ushort) && Peek<ushort>(bytes, 0) is var length && bytes.Length - sizeof(ushort) >= length)
            {
                names.Add(Encoding.UTF8.GetString(bytes.Slice(sizeof(ushort), length)));
                bytes = bytes[(sizeof(ushort) + length)..];
            }

            return bytes.IsEmpty ? [.. names] : null;
        }

        /// <summary>The entries of a chunk. Null: these are not they, or they point beyond the segment.</summary>
        public EventEntry[]? Take(int chunk, ReadOnlySpan<byte> bytes, long segmentLength)
        {
            if (MemoryMarshal.Read<UInt128>(SHA256.HashData(bytes)) != digests[chunk])
            {
                return null;
            }

            var entries = MemoryMarshal.Cast<byte, EventEntry>(bytes).ToArray();
            return Array.TrueForAll(entries, entry => entry.Offset >= 0 && entry.Length > 0 && entry.Offset < segmentLength - entry.Length) ? entries : null;
        }
    }
}

/// <summary>Where in an index a chunk of entries is.</summary>
/// <param name="Offset">Unit: bytes.</param>
/// <param name="Length">Unit: bytes.</param>
internal readonly record struct ChunkPlace(long Offset, int Length);
