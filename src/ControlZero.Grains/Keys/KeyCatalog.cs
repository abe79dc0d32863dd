using System.Collections.Concurrent;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;

namespace ControlZero.Grains.Keys;

/// <summary>
/// The keys a silo has seen, so that a call needs no grain to be authenticated. A revocation makes every silo forget the key.
/// </summary>
public sealed class KeyCatalog(IGrainFactory grains)
{
    // Ids that stand for no key are remembered too, or made-up keys would each cost a read of the storage. Past this many, all are
    // forgotten at once: a flood then costs reads, never memory.
    private const int UnknownCapacity = 10_000;

    private readonly ConcurrentDictionary<KeyId, KeyRecord> _known = new();
    private readonly ConcurrentDictionary<KeyId, byte> _unknown = new();
    private long _forgotten;

    /// <summary>The key, or null: there is none. Revoked and expired keys are found too: the caller asks whether it is valid.</summary>
    public ValueTask<KeyRecord?> FindAsync(KeyId id, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(id, out var key))
        {
            return ValueTask.FromResult<KeyRecord?>(key);
        }

        return _unknown.ContainsKey(id) ? ValueTask.FromResult<KeyRecord?>(null) : LoadAsync(id, cancellationToken);
    }

    /// <summary>True when <see cref="FindAsync"/> would have to ask the key's grain.</summary>
    public bool IsUnseen(KeyId id) => !_known.ContainsKey(id) && !_unknown.ContainsKey(id);

    /// <summary>Forgets a key: the next call with it asks the key's grain.</summary>
    internal void Forget(KeyId id)
    {
        Interlocked.Increment(ref _forgotten);
        _known.TryRemove(id, out _);
        _unknown.TryRemove(id, out _);
    }

    private async ValueTask<KeyRecord?> LoadAsync(KeyId id, CancellationToken cancellationToken)
    {
        var before = Interlocked.Read(ref _forgotten);
        var key = await grains.GetGrain<IKeyGrain>(GrainKeys.Of(id)).GetAsync(cancellationToken);
        if (key is null)
        {
            if (_unknown.Count >= UnknownCapacity)
            {
                _unknown.Clear();
            }

            _unknown.TryAdd(id, 0);
            return null;
        }

        // INVARIANT: an answer that was read before a revocation is never kept after it.
        _known[id] = key;
        if (Interlocked.Read(ref _forgotten) != before)
        {
            _known.TryRemove(id, out _);
        }

        return key;
    }
}
