using ControlZero.Abstractions;

namespace ControlZero.Storage.Embedded;

/// <summary>The keys in an <see cref="EmbeddedDatabase"/>: a range of its primary key.</summary>
internal sealed class EmbeddedKeys(EmbeddedDatabase database) : IStoredKeys
{
    public async Task<IReadOnlyList<string>> ReadAsync(StoredKeyRange range, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await database.KeysAsync(range, count).WaitAsync(cancellationToken);
    }
}
