using System.Buffers.Binary;
using System.Collections.Immutable;

namespace ControlZero.Engine.Quotas;

/// <content>
/// How the record is written: one write at a time, each with a nonce of its own. While nobody knows what became of one, it is the only one that
/// is made: the same again, on the same record.
/// </content>
public sealed partial class QuotaAccount
{
    /// <summary>
    /// How long an entry is kept after its window. A server whose clock is behind must still find which window was reached. Longer than
    /// clocks may differ, or jump.
    /// </summary>
    internal static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(2);

    // Unit: entries.
    private const int WritersKept = 16;

    private Dictionary<QuotaLimitKey, QuotaEntry> _planned = [];

    /// <summary>
    /// The write to make now. Units for the demands, a top-up of every block that is low, debts, adjustments and what goes back are one write.
    /// Null: there is nothing to write. An earlier one whose outcome is not known comes first.
    /// </summary>
    /// <param name="demands">What a request waits for. Empty: none does.</param>
    /// <param name="now">The present.</param>
    /// <param name="confirmedSince">Blocks that were confirmed before are given back, and reserved anew under the limit as it is now.</param>
    /// <param name="orLess">True: the demands are those of several requests, and what is left of a limit is taken also when it is not enough for all.</param>
    public QuotaWrite? Plan(ReadOnlySpan<QuotaDemand> demands, DateTimeOffset now, DateTimeOffset confirmedSince = default, bool orLess = false)
    {
        if (_pending is not null)
        {
            return _pending;
        }

        IsLow = false;
        foreach (var demand in demands)
        {
            Purse(demand.Limit).Expire(confirmedSince);
        }

        var planned = new Dictionary<QuotaLimitKey, QuotaEntry>();
        foreach (var (key, purse) in _purses)
        {
            if (purse.Plan(Need(demands, key), orLess, now) is { } entry)
            {
                planned.Add(key, entry);
            }
        }

        if (planned.Count == 0)
        {
            return null;
        }

        var entries = _record.Entries
            .Where(entry => !planned.ContainsKey(entry.Key) && !IsOver(entry, now))
            .Concat(planned.Values);
        _planned = planned;
        var nonce = NextNonce();
        ImmutableArray<QuotaWriter> writers =
            [.. Writers(_record).Where(writer => writer.Owner != Owner).TakeLast(WritersKept - 1), new QuotaWriter(Owner, _writes)];
        return _pending = new QuotaWrite(_record with { Nonce = nonce, Entries = [.. entries], Writers = writers }, _etag);
    }

    /// <summary>Stops granting, for good, and gives back what is at hand: the write to make. Null: there is nothing to write.</summary>
    public QuotaWrite? PlanReturn(DateTimeOffset now)
    {
        foreach (var purse in _purses.Values)
        {
            purse.Empty();
        }

        return Plan([], now);
    }

    /// <summary>Gives back what is at hand, because others have none: the write to make. Null: there is nothing to write.</summary>
    public QuotaWrite? PlanRecall(DateTimeOffset now)
    {
        foreach (var purse in _purses.Values)
        {
            purse.PutBack();
        }

        return Plan([], now);
    }

    /// <summary>The pending write was done, and storage said so.</summary>
    /// <param name="etag">The record's new version.</param>
    public void Applied(string? etag)
    {
        Confirm(_pending?.Record ?? throw new InvalidOperationException("no write is pending"), etag);
    }

    /// <summary>
    /// The pending write failed in any way, a conflict included, and this is what storage keeps. Nothing else says what became of it: a conflict
    /// may be with one's own write, whose answer was lost.
    /// </summary>
    /// <param name="record">The record. Null: there is none.</param>
    /// <param name="etag">Its version. Null: there is none.</param>
    public WriteOutcome ReadBack(QuotaRecord? record, string? etag)
    {
        if (_pending is null)
        {
            throw new InvalidOperationException("no write is pending");
        }

        if (record is not null && record.Nonce == _pending.Record.Nonce)
        {
            Applied(etag);
            return WriteOutcome.Applied;
        }

        if (etag == _pending.ETag)
        {
            return WriteOutcome.Open;
        }

        // INVARIANT: the record has moved on, so a write that was not done by now never will be.
        switch (WhatBecameOf(record ?? QuotaRecord.Empty))
        {
            case WriteOutcome.Applied:
                Confirm(record!, etag);
                return WriteOutcome.Applied;
            case WriteOutcome.Refused:
                Forget(record, etag, static (purse, entry) => purse.Refuse(entry));
                return WriteOutcome.Refused;
            default:
                Forget(record, etag, static (purse, entry) => purse.Lose(entry));
                return WriteOutcome.Lost;
        }
    }

    // A holder that is not among the writers that are kept may have been pushed out by newer ones.
    private WriteOutcome WhatBecameOf(QuotaRecord record)
    {
        var writers = Writers(record);
        return writers.FirstOrDefault(writer => writer.Owner == Owner) is { } own
            ? own.Number == _writes ? WriteOutcome.Applied : WriteOutcome.Refused
            : writers.Length < WritersKept ? WriteOutcome.Refused : WriteOutcome.Lost;
    }

    private void Confirm(QuotaRecord record, string? etag)
    {
        _pending = null;
        Adopt(record, etag);
        foreach (var (key, purse) in _purses)
        {
            if (_planned.ContainsKey(key))
            {
                purse.Confirm(record.Find(key));
            }
            else
            {
                purse.Know(record.Find(key));
            }
        }
    }

    private void Forget(QuotaRecord? record, string? etag, Action<QuotaPurse, QuotaEntry?> tell)
    {
        _pending = null;
        Adopt(record, etag);
        foreach (var (key, purse) in _purses)
        {
            tell(purse, _record.Find(key));
        }
    }

    private static ImmutableArray<QuotaWriter> Writers(QuotaRecord record) => record.Writers.IsDefault ? [] : record.Writers;

    private static long Need(ReadOnlySpan<QuotaDemand> demands, in QuotaLimitKey key)
    {
        foreach (var demand in demands)
        {
            if (demand.Limit.Key == key)
            {
                return demand.Units;
            }
        }

        return 0;
    }

    private static bool IsOver(QuotaEntry entry, DateTimeOffset now) => entry.Key.Metric == QuotaMetric.InFlight
        ? entry.Adjustments.IsDefaultOrEmpty && entry.Slots.All(lease => lease.Until + KeptAfterEnd < now)
        : entry.EndsAt + KeptAfterEnd < now;

    private void Adopt(QuotaRecord? record, string? etag)
    {
        _record = record ?? QuotaRecord.Empty;
        _etag = etag;
    }

    // Unlike any other account's, since no two have one owner; unlike any other of this one's by its number.
    private Guid NextNonce()
    {
        Span<byte> bytes = stackalloc byte[16];
        Owner.TryWriteBytes(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) ^ ++_writes);
        return new Guid(bytes);
    }
}
