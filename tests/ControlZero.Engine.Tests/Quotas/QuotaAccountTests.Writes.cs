using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Quotas;

/// <content>What is known after a write, an answer that was lost, and a holder that is gone.</content>
public sealed partial class QuotaAccountTests
{
    [Fact]
    public void Load_AfterACrash_CountsEverythingReservedAsSpent()
    {
        var account = Open();
        Warm(account, Requests(1000), 150);
        var reserved = _shelf.Record!.Entries[0].Reserved;
        Assert.True(reserved > account.Standing(Requests(1000), _now).Used);

        var next = Open();

        Assert.Equal(reserved, next.Standing(Requests(1000), _now).Used);
        Assert.Equal(1000 - reserved, GrantAll(next, Requests(1000), 2000));
    }

    [Fact]
    public void PlanReturn_GivesTheTailBackForTheNextHolder()
    {
        var account = Open();
        Warm(account, Requests(1000), 150);
        var used = account.Standing(Requests(1000), _now).Used;

        _shelf.Settle(account, () => account.PlanReturn(_now));

        Assert.Equal(used, _shelf.Record!.Entries[0].Reserved);
        Assert.NotEqual(ChargeStatus.Granted, account.Charge([new(Requests(1000), 1)], _now).Status);
        Assert.Equal(1000 - used, GrantAll(Open(), Requests(1000), 2000));
    }

    [Fact]
    public void ReadBack_OfAWriteWhoseAnswerWasLost_FindsItsOwnNonceAndOwnsTheBlock()
    {
        var account = Open();
        var write = account.Plan([new(Requests(100), 1)], _now)!;
        _shelf.TryWrite(write);

        Assert.Equal(ChargeStatus.Refill, account.Charge([new(Requests(100), 1)], _now).Status);
        Assert.Same(write, account.Plan([new(Requests(100), 1)], _now));
        Assert.Equal(WriteOutcome.Applied, account.ReadBack(_shelf.Record, _shelf.ETag));
        Assert.Equal(ChargeStatus.Granted, account.Charge([new(Requests(100), 1)], _now).Status);
    }

    [Fact]
    public void ReadBack_OfAWriteThatIsStillOpen_LeavesItTheOnlyOne()
    {
        var account = Open();
        var write = account.Plan([new(Requests(100), 1)], _now)!;

        Assert.Equal(WriteOutcome.Open, account.ReadBack(_shelf.Record, _shelf.ETag));
        Assert.Same(write, account.Plan([new(Requests(100), 50)], _now));
        Assert.Equal(ChargeStatus.Refill, account.Charge([new(Requests(100), 1)], _now).Status);
    }

    [Fact]
    public void ReadBack_WhereAnotherHolderWroteOnTop_StillOwnsTheBlock()
    {
        var account = Open();
        _shelf.TryWrite(account.Plan([new(Requests(100), 1)], _now)!);
        Assert.Equal(99, GrantAll(Open(), Requests(100), 200));

        Assert.Equal(WriteOutcome.Applied, account.ReadBack(_shelf.Record, _shelf.ETag));
        Assert.Equal(1, GrantAll(account, Requests(100), 200));
    }

    [Fact]
    public void ReadBack_WhereAnotherHolderWasFirst_OwnsNothing()
    {
        var account = Open();
        var write = account.Plan([new(Requests(100), 1)], _now)!;
        GrantAll(Open(), Requests(100), 1);

        Assert.Equal(WriteOutcome.Refused, account.ReadBack(_shelf.Record, _shelf.ETag));
        Assert.Equal(ChargeStatus.Refill, account.Charge([new(Requests(100), 1)], _now).Status);
        Assert.False(_shelf.TryWrite(write));
    }

    [Fact]
    public void ReadBack_AfterMoreWritersThanAreKept_OwnsNothingOfWhatItMayHaveReserved()
    {
        var account = Open();
        _shelf.TryWrite(account.Plan([new(Requests(100), 1)], _now)!);
        for (var writer = 0; writer < 16; writer++)
        {
            GrantAll(Open(), Requests(100), 1);
        }

        Assert.Equal(WriteOutcome.Lost, account.ReadBack(_shelf.Record, _shelf.ETag));
        Assert.Equal(ChargeStatus.Refill, account.Charge([new(Requests(100), 1)], _now).Status);
        Assert.Equal(83, GrantAll(account, Requests(100), 200));
    }

    [Fact]
    public void ReadBack_OfARefusedReturn_ReturnsTheUnitsWithTheNextWrite()
    {
        var account = Open();
        Warm(account, Requests(10_000), 200);
        var used = account.Standing(Requests(10_000), _now).Used;
        Assert.NotNull(account.PlanReturn(_now));
        GrantAll(Open(), Requests(10_000), 1);

        Assert.Equal(WriteOutcome.Refused, account.ReadBack(_shelf.Record, _shelf.ETag));
        _shelf.Settle(account, () => account.PlanReturn(_now));
        Assert.InRange(_shelf.Record!.Entries[0].Reserved, used + 1, used + 16);
    }

    [Fact]
    public void ReadBack_OfALostReturn_DoesNotReturnTheSameUnitsAgain()
    {
        var account = Open();
        Warm(account, Requests(10_000), 200);
        var used = account.Standing(Requests(10_000), _now).Used;
        var lowered = Requests(used);
        account.Charge([new(lowered, 1)], _now);
        _shelf.TryWrite(account.Plan([], _now)!);
        Assert.Equal(used, _shelf.Record!.Entries[0].Reserved);
        for (var writer = 0; writer < 16; writer++)
        {
            GrantAll(Open(), Requests(used + 16), 1);
        }

        Assert.Equal(WriteOutcome.Lost, account.ReadBack(_shelf.Record, _shelf.ETag));
        _shelf.Settle(account, () => account.PlanReturn(_now));
        Assert.Equal(used + 16, _shelf.Record!.Entries[0].Reserved);
    }
}
