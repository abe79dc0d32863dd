using System.Collections.Immutable;
using System.Text;

namespace ControlZero.Audit.Reading;

/// <summary>The entries of one tenant in one segment, in chunks that are read one by one.</summary>
internal abstract class TenantEntries
{
    /// <summary>Entries in a chunk, the last one aside.</summary>
    public const int ChunkSize = 1024;

    /// <summary>The times of each chunk.</summary>
    public abstract ImmutableArray<TimeSpread> Chunks { get; }

    /// <summary>The entries of a chunk, in the order of the segment.</summary>
    public abstract ValueTask<ReadOnlyMemory<EventEntry>> LoadAsync(int chunk, CancellationToken cancellationToken);

    /// <summary>The names of all agents that the entries are of, by which patterns are matched: an entry has the hash of one. In no order.</summary>
    public abstract ValueTask<ReadOnlyMemory<string>> LoadAgentsAsync(CancellationToken cancellationToken);
}

/// <summary>The earliest and the latest time of some events. Unit: ticks, UTC.</summary>
internal readonly record struct TimeSpread(long Earliest, long Latest)
{
    public TimeSpread With(long time) => new(Math.Min(Earliest, time), Math.Max(Latest, time));
}

/// <summary>Entries in memory: of a segment that is still written, or that nobody has made an index file for.</summary>
internal sealed class GrowingEntries : TenantEntries
{
    // A tenant of few events does not get a place for a thousand.
    private const int FirstPlaces = 16;

    private readonly List<EventEntry[]> _chunks = [];
    private readonly List<TimeSpread> _spreads = [];

    // One of each hash, and the others that have the hash of one.
    private readonly Dictionary<uint, string> _named = [];
    private readonly HashSet<string> _namesakes = [];
    private string[] _agents = [];
    private int _agentCount;
    private int _inLast = ChunkSize;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public override ImmutableArray<TimeSpread> Chunks => [.. _spreads];

    /// <summary>The names of all agents.</summary>
    public ReadOnlyMemory<string> Agents => _agents.AsMemory(0, _agentCount);

    /// <summary>Adds one.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="agent">The name of its agent, UTF-8.</param>
    public void Add(in EventEntry entry, ReadOnlySpan<byte> agent)
    {
        if (_inLast == ChunkSize)
        {
            _chunks.Add(new EventEntry[FirstPlaces]);
            _spreads.Add(new TimeSpread(entry.Time, entry.Time));
            _inLast = 0;
        }

        // A view that was given away keeps the array it has.
        if (_inLast == _chunks[^1].Length)
        {
            var larger = new EventEntry[Math.Min(ChunkSize, 4 * _inLast)];
            _chunks[^1].CopyTo(larger, 0);
            _chunks[^1] = larger;
        }

        _chunks[^1][_inLast++] = entry;
        _spreads[^1] = _spreads[^1].With(entry.Time);
        Count++;
        AddAgent(entry.Agent, agent);
    }

    public override ValueTask<ReadOnlyMemory<EventEntry>> LoadAsync(int chunk, CancellationToken cancellationToken) => ValueTask.FromResult(Chunk(chunk));

    public override ValueTask<ReadOnlyMemory<string>> LoadAgentsAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Agents);

    /// <summary>The entries of a chunk.</summary>
    public ReadOnlyMemory<EventEntry> Chunk(int chunk) => _chunks[chunk].AsMemory(0, chunk == _chunks.Count - 1 ? _inLast : ChunkSize);

    /// <summary>A view that does not grow.</summary>
    public TenantEntries Snapshot() => new Fixed([.. _spreads], [.. _chunks.Select((_, chunk) => Chunk(chunk))], Agents);

    private void AddAgent(uint hash, ReadOnlySpan<byte> name)
    {
        // Nearly always known. What is not ASCII comes here again and is known there.
        if (_named.TryGetValue(hash, out var known) && Ascii.Equals(name, known))
        {
            return;
        }

        var text = Encoding.UTF8.GetString(name);
        if (known is null ? _named.TryAdd(hash, text) : known != text && _namesakes.Add(text))
        {
            if (_agentCount == _agents.Length)
            {
                Array.Resize(ref _agents, Math.Max(16, 2 * _agentCount));
            }

            _agents[_agentCount++] = text;
        }
    }

    private sealed class Fixed(ImmutableArray<TimeSpread> spreads, ImmutableArray<ReadOnlyMemory<EventEntry>> chunks, ReadOnlyMemory<string> agents) : TenantEntries
    {
        public override ImmutableArray<TimeSpread> Chunks => spreads;

        // What was added to the last chunk later lies behind what is looked at here, in the same array.
        public override ValueTask<ReadOnlyMemory<EventEntry>> LoadAsync(int chunk, CancellationToken cancellationToken) => ValueTask.FromResult(chunks[chunk]);

        public override ValueTask<ReadOnlyMemory<string>> LoadAgentsAsync(CancellationToken cancellationToken) => ValueTask.FromResult(agents);
    }
}
