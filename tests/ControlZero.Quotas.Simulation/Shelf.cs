using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>What storage says of a write. None of them is the whole truth but the first.</summary>
internal enum WriteReply
{
    Done,
    Conflict,
    Unknown,
}

/// <summary>One record in storage: its conditional write is atomic, and all else may go wrong. Every operation gets an answer, if only a time-out.</summary>
internal sealed class Shelf(World world, Weather weather, string name)
{
    private int _version;

    public string Name => name;

    public QuotaRecord? Record { get; private set; }

    public string? ETag => Record is null ? null : $"{name}#{_version}";

    public void Write(QuotaWrite write, Action<WriteReply, string?> reply)
    {
        var dice = world.Dice;
        var travel = Travel();
        if (Happens(weather.Refused))
        {
            world.Note(Happening.WriteRefused, $"{name}: a write fails, and is not done");
            world.After(travel, () => reply(WriteReply.Unknown, null));
        }
        else if (Happens(weather.AnswerLost))
        {
            world.Note(Happening.WriteAnswerLost, $"{name}: the answer to a write is lost");
            world.After(travel, () => TryApply(write));
            world.After(travel + dice.Between(100, 3_000), () => reply(WriteReply.Unknown, null));
        }
        else if (Happens(weather.Late))
        {
            world.After(dice.Between(500, 3_000), () => reply(WriteReply.Unknown, null));
            world.After(dice.Between(500, 60_000), () =>
            {
                if (TryApply(write))
                {
                    world.Note(Happening.WriteDoneLate, $"{name}: a write given up long ago is done");
                }
            });
        }
        else if (Happens(weather.Doubled))
        {
            world.Note(Happening.WriteDoubled, $"{name}: a write arrives twice, and the second answer is the one that is heard");
            world.After(travel, () => TryApply(write));
            world.After(travel + dice.Between(1, 50), () => Answer(write, reply));
        }
        else
        {
            world.After(travel, () => Answer(write, reply));
        }
    }

    public void Read(Action<bool, QuotaRecord?, string?> reply)
    {
        if (Happens(weather.ReadFails))
        {
            world.Note(Happening.ReadFailed, $"{name}: a read fails");
            world.After(world.Dice.Between(100, 3_000), () => reply(false, null, null));
            return;
        }

        world.After(Travel(), () =>
        {
            var (record, etag) = (Record, ETag);
            world.After(Travel(), () => reply(true, record, etag));
        });
    }

    /// <summary>Only a mutant does this: it says of units that nobody has them, and keeps them.</summary>
    public void GiveAway()
    {
        if (Record is { } record)
        {
            var entries = record.Entries.Select(entry => entry with { Reserved = Math.Max(0, entry.Reserved - 20) });
            TryApply(new QuotaWrite(record with { Nonce = world.Dice.NextId(), Entries = [.. entries] }, ETag));
        }
    }

    private void Answer(QuotaWrite write, Action<WriteReply, string?> reply)
    {
        var (done, etag) = (TryApply(write), ETag);
        world.Coverage.Count(done ? Happening.WriteDone : Happening.WriteConflicted);
        world.After(Travel(), () => reply(done ? WriteReply.Done : WriteReply.Conflict, done ? etag : null));
    }

    private bool TryApply(QuotaWrite write)
    {
        if (write.ETag != ETag && world.Conduct.StorageCompares)
        {
            world.Note($"{name}: a write that rests on {write.ETag ?? "nothing"} meets {ETag ?? "nothing"}");
            return false;
        }

        Record = write.Record;
        _version++;
        world.Note($"{name}: {ETag} " + string.Join(", ", write.Record.Entries.Select(entry =>
            $"{entry.Key.Name}@{entry.WindowId} reserved {entry.Reserved} debt {entry.Debt} slots {entry.Slots.Sum(slot => slot.Count)}")));
        return true;
    }

    private TimeSpan Travel() => world.Dice.Chance(0.02) ? world.Dice.Between(200, 4_000) : world.Dice.Between(1, 8);

    private bool Happens(double probability) => !world.IsCalm && world.Dice.Chance(probability);
}
