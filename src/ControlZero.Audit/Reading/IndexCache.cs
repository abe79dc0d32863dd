using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Reading;

/// <summary>Indexes that were read, up to so many bytes: what was not asked for the longest goes first, and is read again when it is.</summary>
/// <param name="capacity">Unit: bytes.</param>
internal sealed class IndexCache(long capacity)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Kept> _byUse = [];
    private readonly Dictionary<SegmentId, LinkedListNode<Kept>> _kept = [];
    private long _weight;

    /// <summary>What they take. Unit: bytes.</summary>
    public long Weight
    {
        get
        {
            lock (_lock)
            {
                return _weight;
            }
        }
    }

    /// <summary>The index of this state of a segment. Null: it is not here.</summary>
    public IndexFile? Find(IndexedSegment segment)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(segment.Id, out var node) || node.Value.SegmentLength != segment.Length)
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.File;
        }
    }

    /// <summary>Keeps one, in place of what the segment was before.</summary>
    public void Keep(IndexedSegment segment, IndexFile file)
    {
        lock (_lock)
        {
            Drop(segment.Id);
            _kept[segment.Id] = _byUse.AddFirst(new Kept(segment.Id, segment.Length, file));
            _weight += file.Weight;
            while (_weight > capacity && _byUse.Count > 1)
            {
                Drop(_byUse.Last!.Value.Id);
            }
        }
    }

    /// <summary>Forgets one.</summary>
    public void Forget(SegmentId id)
    {
        lock (_lock)
        {
            Drop(id);
        }
    }

    private void Drop(SegmentId id)
    {
        if (_kept.Remove(id, out var node))
        {
            _byUse.Remove(node);
            _weight -= node.Value.File.Weight;
        }
    }

    private sealed record Kept(SegmentId Id, long SegmentLength, IndexFile File);
}
