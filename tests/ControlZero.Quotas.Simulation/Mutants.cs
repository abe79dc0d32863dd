using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>Conduct with one protection taken away each. The referee must catch every one of them within so many seeds.</summary>
internal static class Mutants
{
    /// <summary>How many seeds each may take. Unit: runs.</summary>
    public const int Seeds = 200;

    public static IReadOnlyList<Conduct> All { get; } =
    [
        new StorageWithoutCompare(), new ConfirmedOnSending(), new UnknownIsSuccess(), new ConflictIsSuccess(), new OpensAtNothing(), new OwnClockAlone(),
        new BlockOutlivesWindow(), new RefundsTwice(), new DebtInMemory(), new LimitsNeverRead(), new OthersCallsForgotten(),
        new RequestsForgotten(), new GivesAwayWhatItKeeps(), new AdjustsTwice(), new AdjustmentsNeverEnd(), new KeepsEverything(), new EndsCallsForRoom(),
    ];

    /// <summary>The first of the seeds that shows that a protection is missing. Null: it got away.</summary>
    public static SimulationResult? Catch(Conduct mutant)
    {
        for (var seed = 0UL; seed < Seeds; seed++)
        {
            if (Simulation.Run(seed, mutant) is { Violation: not null } caught)
            {
                return caught;
            }
        }

        return null;
    }

    private sealed class StorageWithoutCompare : Conduct
    {
        public override string Name => "storage writes without comparing";

        public override bool StorageCompares => false;
    }

    private sealed class ConfirmedOnSending : Conduct
    {
        public override string Name => "a block is used before its write is confirmed";

        public override bool ConfirmsOnSending => true;
    }

    private sealed class UnknownIsSuccess : Conduct
    {
        public override string Name => "an unknown outcome is taken for success";

        public override bool IsConfirmation(WriteReply reply) => reply != WriteReply.Conflict;
    }

    private sealed class ConflictIsSuccess : Conduct
    {
        public override string Name => "a conflict is taken for success";

        public override bool IsConfirmation(WriteReply reply) => reply != WriteReply.Unknown;
    }

    private sealed class OpensAtNothing : Conduct
    {
        public override string Name => "what former holders reserved is forgotten on opening";

        public override QuotaRecord? Take(QuotaRecord? record, Guid owner, bool isOpening, DateTimeOffset now) =>
            isOpening && record is not null ? record with { Entries = [.. record.Entries.Select(entry => entry with { Reserved = 0 })] } : record;
    }

    private sealed class OwnClockAlone : Conduct
    {
        public override string Name => "windows go by the own clock alone, and back with it";

        public override QuotaRecord? Take(QuotaRecord? record, Guid owner, bool isOpening, DateTimeOffset now) =>
            record is null ? null : record with { Entries = [.. record.Entries.Where(entry => entry.Key.Metric == QuotaMetric.InFlight || entry.EndsAt <= now + TimeSpan.FromHours(1))] };
    }

    private sealed class BlockOutlivesWindow : Conduct
    {
        public override string Name => "a block is granted from after its window";

        public override DateTimeOffset Time(DateTimeOffset now, DateTimeOffset lastWrite) => lastWrite == default ? now : lastWrite;
    }

    private sealed class RefundsTwice : Conduct
    {
        public override string Name => "a settle told twice refunds twice";

        public override bool SettlesOnce => false;
    }

    private sealed class DebtInMemory : Conduct
    {
        public override string Name => "a debt is acknowledged before it is written";

        public override bool AcknowledgesDebtAtOnce => true;
    }

    private sealed class LimitsNeverRead : Conduct
    {
        public override string Name => "limits are taken for those in force without a look";

        public override TimeSpan Freshness => TimeSpan.MaxValue;
    }

    private sealed class RequestsForgotten : Conduct
    {
        public override string Name => "a request that comes again is charged again";

        public override bool RemembersRequests => false;
    }

    private sealed class GivesAwayWhatItKeeps : Conduct
    {
        public override string Name => "what is given back on recall is still granted";

        public override bool LetsGoOnRecall => false;
    }

    private sealed class AdjustsTwice : Conduct
    {
        public override string Name => "an adjustment told twice counts twice";

        public override string NameOf(string adjustment, int telling) => $"{adjustment}/{telling}";
    }

    private sealed class AdjustmentsNeverEnd : Conduct
    {
        public override string Name => "an adjustment lasts as long as its window";

        public override QuotaRecord? Take(QuotaRecord? record, Guid owner, bool isOpening, DateTimeOffset now) => record is null
            ? null
            : record with
            {
                Entries =
                [
                    .. record.Entries.Select(entry => entry with
                    {
                        Adjustments = [.. entry.Adjustments.Select(adjustment => adjustment with { ExpiresAt = DateTimeOffset.MaxValue })],
                    }),
                ],
            };
    }

    private sealed class KeepsEverything : Conduct
    {
        public override string Name => "reservations are kept whether or not there is room";

        public override bool KeepsToBounds => false;
    }

    private sealed class EndsCallsForRoom : Conduct
    {
        public override string Name => "a call in flight is ended to make room for another";

        public override bool EndsCallsEarly => true;
    }

    private sealed class OthersCallsForgotten : Conduct
    {
        public override string Name => "calls of other holders are forgotten";

        public override QuotaRecord? Take(QuotaRecord? record, Guid owner, bool isOpening, DateTimeOffset now) => record is null
            ? null
            : record with { Entries = [.. record.Entries.Select(entry => entry with { Slots = [.. entry.Slots.Where(slot => slot.Owner == owner)] })] };
    }
}
