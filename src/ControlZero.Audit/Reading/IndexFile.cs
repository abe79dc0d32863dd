using System.Buffers;
using System.Collections.Immutable;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ControlZero.Audit.Reading;

/// <summary>
/// The index of a sealed segment as a file beside it, <c>….idx</c>, little endian: <c>CZIX</c>, u32 version, i64 length of the segment, i32 length
/// of the directory, u64 XxHash3 of the directory; the directory, for each tenant: u8 length of its name, name, i32 chunks, i32 entries, i64 place of
/// its entries, earliest and latest time of each chunk; then entries, each tenant's in one piece. It can be made again from the segment at any time.
/// </summary>
internal sealed class IndexFile : IDisposable
{
    /// <summary>Ending of its name, in place of the segment's.</summary>
    public const string Extension = ".idx";

    private const uint Magic = 0x5849_5A43;
    private const uint Version = 1;
    private const int HeaderSize = 28;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, TenantEntries> _tenants;

    private IndexFile(SafeFileHandle file, Dictionary<string, TenantEntries> tenants) => (_file, _tenants) = (file, tenants);

    /// <summary>The entries of a tenant. Null: the segment has no event of it.</summary>
    public TenantEntries? Find(string tenant) => _tenants.GetValueOrDefault(tenant);

    /// <summary>Writes the index of a segment: all of it or nothing.</summary>
    public static void Write(string path, SegmentIndex index)
    {
        var (directory, entries) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        var directoryLength = index.Tenants.Sum(tenant => 1 + Encoding.UTF8.GetByteCount(tenant.Key) + 16 + (16 * tenant.Value.Chunks.Length));
        foreach (var (tenant, found) in index.Tenants)
        {
            directory.Write([(byte)Encoding.UTF8.GetByteCount(tenant)]);
            directory.Write(Encoding.UTF8.GetBytes(tenant));
            Put(directory, found.Chunks.Length);
            Put(directory, found.Count);
            Put(directory, (long)HeaderSize + directoryLength + entries.WrittenCount);
            for (var chunk = 0; chunk < found.Chunks.Length; chunk++)
            {
                Put(directory, found.Chunks[chunk]);
                entries.Write(MemoryMarshal.AsBytes(found.Chunk(chunk).Span));
            }
        }

        var header = new ArrayBufferWriter<byte>(HeaderSize);
        Put(header, Magic);
        Put(header, Version);
        Put(header, index.Length);
        Put(header, directory.WrittenCount);
        Put(header, XxHash3.HashToUInt64(directory.WrittenSpan));

        var unfinished = $"{path}.{Environment.ProcessId}.new";
        using (var file = File.OpenHandle(unfinished, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, [header.WrittenMemory, directory.WrittenMemory, entries.WrittenMemory], 0);
        }

        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Opens an index. Null: there is none, it is broken, or it is of another state of the segment.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="segmentLength">Length of the segment.</param>
    public static IndexFile? TryOpen(string path, long segmentLength)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path);
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        if (TryReadDirectory(file, segmentLength) is { } tenants)
        {
            return new IndexFile(file, tenants);
        }

        file.Dispose();
        return null;
    }

    public void Dispose() => _file.Dispose();

    private static Dictionary<string, TenantEntries>? TryReadDirectory(SafeFileHandle file, long segmentLength)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (RandomAccess.Read(file, header, 0) != HeaderSize
            || Take<uint>(ref header) != Magic
            || Take<uint>(ref header) != Version
            || Take<long>(ref header) != segmentLength)
        {
            return null;
        }

        var length = Take<int>(ref header);
        if (length < 0 || length > RandomAccess.GetLength(file) - HeaderSize)
        {
            return null;
        }

        Span<byte> directory = new byte[length];
        if (RandomAccess.Read(file, directory, HeaderSize) != length || XxHash3.HashToUInt64(directory) != Take<ulong>(ref header))
        {
            return null;
        }

        var tenants = new Dictionary<string, TenantEntries>();
        while (directory.Length > 0)
        {
            var nameLength = Take<byte>(ref directory);
            var name = Encoding.UTF8.GetString(directory[..nameLength]);
            directory = directory[nameLength..];
            var (chunks, count, at) = (Take<int>(ref directory), Take<int>(ref directory), Take<long>(ref directory));
            var spreads = ImmutableArray.CreateBuilder<TimeSpread>(chunks);
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                spreads.Add(Take<TimeSpread>(ref directory));
            }

            tenants.Add(name, new StoredEntries(file, at, count, spreads.MoveToImmutable()));
        }

        return tenants;
    }

    private static void Put<T>(ArrayBufferWriter<byte> to, T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(to.GetSpan(Unsafe.SizeOf<T>()), value);
        to.Advance(Unsafe.SizeOf<T>());
    }

    private static T Take<T>(ref Span<byte> from)
        where T : unmanaged
    {
        var value = MemoryMarshal.Read<T>(from);
        from = from[Unsafe.SizeOf<T>()..];
        return value;
    }

    private sealed class StoredEntries(SafeFileHandle file, long at, int count, ImmutableArray<TimeSpread> spreads) : TenantEntries
    {
        public override ImmutableArray<TimeSpread> Chunks => spreads;

        public override async ValueTask<ReadOnlyMemory<EventEntry>> LoadAsync(int chunk, CancellationToken cancellationToken)
        {
            var first = chunk * ChunkSize;
            var bytes = new byte[Math.Min(ChunkSize, count - first) * EventEntry.Size];
            var read = await RandomAccess.ReadAsync(file, bytes, at + ((long)first * EventEntry.Size), cancellationToken);
            return read == bytes.Length
                ? MemoryMarshal.Cast<byte, EventEntry>(bytes).ToArray()
                : throw new InvalidDataException("an index ends before its entries do; remove it, it is made again");
        }
    }
}
