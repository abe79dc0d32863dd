namespace ControlZero.Abstractions;

/// <summary>
/// The keys of grains that have a record, in order: what lists of agents and tenants are made of. One beside each storage provider that keeps
/// small records, registered under the provider's name.
/// </summary>
public interface IStoredKeys
{
    /// <summary>Keys of one grain type in ordinal order. Fewer than asked for: there are no more.</summary>
    /// <remarks>A record that was cleared may be among them. Of other types, prefixes and states nothing is read but what lies beside a key that is shown.</remarks>
    /// <param name="range">Which.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task<IReadOnlyList<string>> ReadAsync(StoredKeyRange range, int count, CancellationToken cancellationToken);
}

/// <summary>Which keys to read.</summary>
/// <param name="GrainType">The grains' type.</param>
/// <param name="StateName">The state they must have a record of.</param>
/// <param name="Prefix">What the keys begin with. Empty: anything.</param>
/// <param name="After">Only keys after this one, which begins with the prefix. Null: from the first.</param>
public sealed record StoredKeyRange(string GrainType, string StateName, string Prefix, string? After)
{
    // INVARIANT: after the prefix, keys have neither `~` nor a character above it, and nowhere one up to `!` (see GrainKeys).
    private const char AboveAll = '~';
    private const char BelowAll = '!';

    /// <summary>No key of the range is less than this.</summary>
    public string From => After is null ? Prefix : $"{After}{BelowAll}";

    /// <summary>Every key of the range is less than this.</summary>
    public string End => $"{Prefix}{AboveAll}";
}
