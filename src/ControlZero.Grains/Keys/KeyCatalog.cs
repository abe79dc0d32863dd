using System.Collections.Concurrent;
using ControlZero.Abstractions.Keys;
using ControlZero.Grains.Catalog;

namespace ControlZero.Grains.Keys;

/// <summary>
/// The keys a silo has seen, so that a call needs no storage to be authenticated. A revocation makes every silo forget the key; what is
/// remembered is worth as much as the silo is fresh.
/// </summary>
public sealed class KeyCatalog(StoredRecords stored)
{
    // Ids that stand for no key are remembered too, or made-up keys would each cost a read of the storage. Past this many, all are
    // forgotten at once: a flood then costs reads, never memory.
    private const int UnknownCapacity = 10_000;

    private readonly ConcurrentDictionary<KeyId, KeyRecord> _known = new();
    private readonly ConcurrentDictionary<KeyId, byte> _unknown = new();
    private readonly Lock _gate = new();
    private long _forgotten;
    private long _loads;

    /// <summary>What is remembered. Counted when asked for.</summary>
    public KeyFigures Figures => new(_known.Count, _unknown.Count, Interlocked.Read(ref _loads));

    /// <summary>The key, or null: there is none. Revoked and expired keys are found too: the caller asks whether it is valid.</summary>
    public ValueTask<KeyRecord?> FindAsync(KeyId id, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(id, out var key))
        {
            return ValueTask.FromResult<KeyRecord?>(key);
        }

        return _unknown.ContainsKey(id) ? ValueTask.FromResult<KeyRecord?>(null) : LoadAsync(id, cancellationToken);
    }

    /// <summary>True when <see cref="FindAsync"/> would have to ask storage.</summary>
    public bool IsUnseen(KeyId id) => !_known.ContainsKey(id) && !_unknown.ContainsKey(id);

    /// <summary>Forgets a key: the next call with it asks storage.</summary>
    internal void Forget(KeyId id)
    {
        lock (_gate)
        {
            _forgotten++;
            _known.TryRemove(id, out _);
            _unknown.TryRemove(id, out _);
        }
    }

    /// <summary>Forgets a key that the feed names, unless it is known to be revoked: there is nothing more to learn of it.</summary>
    internal void Follow(KeyId id)
    {
        if (!_known.TryGetValue(id, out var key) || key.RevokedAt is null)
        {
            Forget(id);
        }
    }

    /// <summary>Forgets all keys.</summary>
    internal void Reset()
    {
        lock (_gate)
        {
            _forgotten++;
            _known.Clear();
            _unknown.Clear();
        }
    }

    private async ValueTask<KeyRecord?> LoadAsync(KeyId id, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _loads);
        var before = Forgotten();
        var key = await stored.ReadKeyAsync(id, cancellationToken);
        lock (_gate)
        {
            // INVARIANT: an answer that was read before a revocation is never kept after it.
            if (_forgotten == before)
            {
                Keep(id, key);
            }
        }

        return key;
    }

    private long Forgotten()
    {
        lock (_gate)
        {
            return _forgotten;
        }
    }

    private void Keep(KeyId id, KeyRecord? key)
    {
        if (key is not null)
        {
            _known[id] = key;
            return;
        }

        if (_unknown.Count >= UnknownCapacity)
        {
            _unknown.Clear();
        }

        _unknown.TryAdd(id, 0);
    }
}

/// <summary>What a silo's catalog of keys holds.</summary>
/// <param name="Known">Keys it remembers.</param>
/// <param name="Unknown">Ids it remembers as no keys.</param>
/// <param name="Loads">How often it had to ask storage.</param>
public readonly record struct KeyFigures(int Known, int Unknown, long Loads);
