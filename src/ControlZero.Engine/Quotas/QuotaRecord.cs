using System.Collections.Immutable;
using Orleans;

namespace ControlZero.Engine.Quotas;

/// <summary>
/// What storage keeps of a scope: all limits of one agent, or the shared limits of one tenant, in one compare-and-swap record.
/// </summary>
[GenerateSerializer, Immutable, Alias("cz.QuotaRecord")]
public sealed record QuotaRecord
{
    /// <summary>A record nothing was ever written to.</summary>
    public static readonly QuotaRecord Empty = new();

    /// <summary>Number of this layout.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Made for the write that made this record, and for no other: whoever does not know whether his write was done looks for his own.</summary>
    [Id(1)]
    public Guid Nonce { get; init; }

    /// <summary>Its limits.</summary>
    [Id(2)]
    public ImmutableArray<QuotaEntry> Entries { get; init; } = [];

    /// <summary>
    /// Who wrote last, the newest at the end, and which of his writes it was: whoever was overtaken by others finds out whether his own was done.
    /// </summary>
    [Id(3)]
    public ImmutableArray<QuotaWriter> Writers { get; init; } = [];

    /// <summary>What is known of a limit, or null: it was never used.</summary>
    public QuotaEntry? Find(in QuotaLimitKey key)
    {
        foreach (var entry in Entries.IsDefault ? [] : Entries)
        {
            if (entry.Key == key)
            {
                return entry;
            }
        }

        return null;
    }
}

/// <summary>The newest write of a holder.</summary>
/// <param name="Owner">The holder.</param>
/// <param name="Number">Which of his writes.</param>
[GenerateSerializer, Immutable, Alias("cz.QuotaWriter")]
public sealed record QuotaWriter([property: Id(0)] Guid Owner, [property: Id(1)] ulong Number);

/// <summary>One limit in its current window.</summary>
[GenerateSerializer, Immutable, Alias("cz.QuotaEntry")]
public sealed record QuotaEntry
{
    /// <summary>Which limit.</summary>
    [Id(0)]
    public required QuotaLimitKey Key { get; init; }

    /// <summary>The window: see <see cref="WindowSpan.Id"/>. Never goes back. 0 for calls in flight.</summary>
    [Id(1)]
    public long WindowId { get; init; }

    /// <summary>When it ends. UTC.</summary>
    [Id(2)]
    public DateTimeOffset EndsAt { get; init; }

    /// <summary>Units handed out in blocks in this window, whether or not they were granted since.</summary>
    [Id(3)]
    public long Reserved { get; init; }

    /// <summary>Units that were used in this window beyond any block.</summary>
    [Id(4)]
    public long Debt { get; init; }

    /// <summary>What was added to the limit for a time, or taken away.</summary>
    [Id(5)]
    public ImmutableArray<QuotaAdjustment> Adjustments { get; init; } = [];

    /// <summary>Who may have how many calls in flight.</summary>
    [Id(6)]
    public ImmutableArray<SlotLease> Slots { get; init; } = [];

    /// <summary>The newest debts, by the reservation that made them: a settle that is repeated elsewhere is not charged twice.</summary>
    [Id(7)]
    public ImmutableArray<Guid> Debts { get; init; } = [];
}

/// <summary>Units that somebody added to a limit, or took away.</summary>
/// <param name="Id">Which adjustment.</param>
/// <param name="Delta">Units; negative takes away.</param>
/// <param name="Reason">Why.</param>
/// <param name="ExpiresAt">When it ends; with its window it ends all the same.</param>
/// <param name="By">Id of the key that made it.</param>
[GenerateSerializer, Immutable, Alias("cz.QuotaAdjustment")]
public sealed record QuotaAdjustment(
    [property: Id(0)] string Id,
    [property: Id(1)] long Delta,
    [property: Id(2)] string Reason,
    [property: Id(3)] DateTimeOffset ExpiresAt,
    [property: Id(4)] string By = "");

/// <summary>Calls that an owner may have in flight. It counts until its end, whether or not its owner still lives.</summary>
/// <param name="Owner">The activation or silo.</param>
/// <param name="Count">How many calls.</param>
/// <param name="Until">When it ends: no call counts under it any longer than that.</param>
[GenerateSerializer, Immutable, Alias("cz.SlotLease")]
public sealed record SlotLease([property: Id(0)] Guid Owner, [property: Id(1)] long Count, [property: Id(2)] DateTimeOffset Until);
