using System.Globalization;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Wal;

/// <summary>Hands out files for segments. One that was shipped is written over by the next segment, so that in the long run no block is allocated.</summary>
internal sealed class WalStore(IWalFiles files, long segmentBytes) : IDisposable
{
    public const string Extension = ".wal";

    // A small log should not begin with a segment of zeros.
    private const long FirstBytes = 4 << 20;
    private const string SparePrefix = "spare-";

    // A busy log has two or three segments on their way to a sink, whose files come back by twos at times.
    private const int MostSpares = 2;

    private readonly Lock _lock = new();
    private readonly Stack<IWalFile> _spares = new();
    private bool _closed;

    public static string NameOf(SegmentId id) => $"{id}{Extension}";

    public IWalFile Take(SegmentId id)
    {
        IWalFile? spare;
        lock (_lock)
        {
            _spares.TryPop(out spare);
        }

        if (spare is null)
        {
            return files.Create(NameOf(id), Math.Min(segmentBytes, FirstBytes));
        }

        try
        {
            spare.Rename(NameOf(id));
            return spare;
        }
        catch
        {
            spare.Delete();
            throw;
        }
    }

    /// <summary>Takes a file back whose segment is in all sinks.</summary>
    public void Return(IWalFile file)
    {
        lock (_lock)
        {
            if (_spares.Count < MostSpares && !_closed)
            {
                // INVARIANT: what has a segment's name is that segment, so the name goes first.
                file.Rename(SparePrefix + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture) + Extension);
                _spares.Push(file);
                return;
            }
        }

        file.Delete();
    }

    public static bool IsSpare(string name) => name.StartsWith(SparePrefix, StringComparison.Ordinal);

    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            while (_spares.TryPop(out var spare))
            {
                spare.Delete();
            }
        }
    }
}
