using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Quotas;

/// <summary>A record in storage, with its conditional write.</summary>
internal sealed class QuotaShelf
{
    private int _version;

    public QuotaRecord? Record { get; private set; }

    public string? ETag => Record is null ? null : $"{_version}";

    public int Writes { get; private set; }

    /// <summary>Does a write if the record is still what it rests on.</summary>
    public bool TryWrite(QuotaWrite write)
    {
        if (write.ETag != ETag)
        {
            return false;
        }

        (Record, _version) = (write.Record, _version + 1);
        Writes++;
        return true;
    }

    /// <summary>Makes a holder's writes until it has none to make, as its grain would. Returns what became of the last.</summary>
    public WriteOutcome Settle(QuotaAccount account, Func<QuotaWrite?> plan)
    {
        var outcome = WriteOutcome.Unspecified;
        for (var write = plan(); write is not null; write = plan())
        {
            if (TryWrite(write))
            {
                account.Applied(ETag);
                outcome = WriteOutcome.Applied;
            }
            else
            {
                outcome = account.ReadBack(Record, ETag);
            }
        }

        return outcome;
    }
}
