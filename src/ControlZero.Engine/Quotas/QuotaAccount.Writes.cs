using System.Buffers.Binary;

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
        return _pending = new QuotaWrite(_record with { Nonce = NextNonce(), Entries = [.. entries] }, _etag);
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
        var record = _pending?.Record ?? throw new InvalidOperationException("no write is pending");
        _pending = null;
        Adopt(record, etag);
        foreach (var (key, entry) in _planned)
        {
            _purses[key].Confirm(entry);
        }
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

        _pending = null;
        Adopt(record, etag);
        foreach (var (key, purse) in _purses)
        {
            purse.Lose(_record.Find(key));
        }

        return WriteOutcome.Lost;
    }

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
