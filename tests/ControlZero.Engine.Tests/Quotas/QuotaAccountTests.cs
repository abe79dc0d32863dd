using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Quotas;

public sealed partial class QuotaAccountTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);

    private readonly QuotaShelf _shelf = new();
    private DateTimeOffset _now = Start;

    [Fact]
    public void Charge_UpToTheLimit_GrantsEachUnitOnceAndThenNone()
    {
        var account = Open();

        Assert.Equal(100, GrantAll(account, Requests(100), 150));
        Assert.Equal(ChargeStatus.Exhausted, account.Charge([new(Requests(100), 1)], _now).Status);
        Assert.Equal(100, _shelf.Record!.Entries[0].Reserved);
    }

    [Fact]
    public void Charge_OfTheLargestLimitThereMayBe_IsExactToTheLastUnit()
    {
        var account = Open();
        var month = new QuotaLimit(QuotaScope.Agent, "p", "usd", QuotaMetric.CostUsd, Limits.MoneyLimitMax, QuotaWindow.Parse("month"));

        Assert.Equal(ChargeStatus.Granted, Ask(account, new QuotaDemand(month, Limits.MoneyLimitMax - 1)).Status);
        Assert.Equal(ChargeStatus.Exhausted, Ask(account, new QuotaDemand(month, 2)).Status);
        Assert.Equal(ChargeStatus.Granted, Ask(account, new QuotaDemand(month, 1)).Status);
        Assert.Equal(ChargeStatus.Exhausted, Ask(account, new QuotaDemand(month, 1)).Status);
    }

    [Theory]
    [InlineData(10, 1, 1)]
    [InlineData(9, 1, 0)]
    [InlineData(9, 2, 1)]
    public void Overdraw_TakesWhatIsAtHandAndOwesTheRest_ToTheUnit(int granted, int over, int owed)
    {
        var account = Open();
        GrantAll(account, Requests(10), granted);

        // What is left is at hand.
        _shelf.Settle(account, () => account.Offer([new(Requests(10), 1)], _now).Status == ChargeStatus.Refill ? account.Plan([new(Requests(10), 1)], _now) : null);

        var mustBeWritten = account.Overdraw(Requests(10), over, Guid.NewGuid(), _now);

        Assert.Equal((owed > 0, owed > 0), (mustBeWritten, account.IsOwing));
        _shelf.Settle(account, () => account.IsOwing ? account.Plan([], _now) : null);
        Assert.Equal(owed, _shelf.Record!.Entries[0].Debt);
        Assert.Equal(ChargeStatus.Exhausted, account.Charge([new(Requests(10), 1)], _now).Status);
    }

    [Fact]
    public void Charge_ByTwoHoldersOfOneRecord_NeverGrantsMoreThanTheLimit()
    {
        var (one, other) = (Open(), Open());
        var granted = 0L;
        for (var round = 0; round < 200; round++)
        {
            granted += GrantAll(round % 2 == 0 ? one : other, Requests(100), 3);
        }

        Assert.InRange(granted, 90, 100);
        Assert.Equal(100, _shelf.Record!.Entries[0].Reserved);
    }

    [Fact]
    public void Charge_OfMoreThanIsLeft_IsDeniedAndWritesNothing()
    {
        var account = Open();
        GrantAll(account, Requests(10), 8);
        var writes = _shelf.Writes;

        Assert.Equal(ChargeStatus.Exhausted, account.Charge([new(Requests(10), 3)], _now).Status);
        Assert.Null(account.Plan([new(Requests(10), 3)], _now));
        Assert.Equal(writes, _shelf.Writes);
        Assert.Equal(2, GrantAll(account, Requests(10), 5));
    }

    [Fact]
    public void Charge_OfTwoLimitsOneExhausted_LeavesTheOtherAsItWas()
    {
        var account = Open();
        var (narrow, wide) = (Requests(3, "narrow"), Requests(1000, "wide"));
        for (var call = 0; call < 3; call++)
        {
            Assert.Equal(ChargeStatus.Granted, Ask(account, new(narrow, 1), new(wide, 1)).Status);
        }

        var before = account.Standing(wide, _now);
        for (var call = 0; call < 40; call++)
        {
            Assert.Equal(new ChargeResult(ChargeStatus.Exhausted, 1), Ask(account, new(wide, 1), new(narrow, 1)));
        }

        Assert.Equal(before, account.Standing(wide, _now));
        Assert.Equal((3, 997), (before.Used, before.Remaining));
    }

    [Fact]
    public void Charge_AfterRefusals_PassesAsManyAsTheLimitIsRaisedBy()
    {
        var account = Open();
        GrantAll(account, Requests(20), 20);
        Assert.Equal(0, GrantAll(account, Requests(20), 40));

        Assert.Equal(10, GrantAll(account, Requests(30), 40));
    }

    [Fact]
    public void Charge_AfterTheLimitWasLowered_GrantsNothingFromABlockWhenOthersHaveUsedMore()
    {
        var (one, other) = (Open(), Open());
        Warm(one, Requests(1000), 100);
        Assert.Equal(700, GrantAll(other, Requests(1000), 700));
        Assert.True(one.Charge([new(Requests(1000), 1)], _now) == ChargeResult.Granted, "there must be a block at hand");

        Assert.Equal(0, GrantAll(one, Requests(500), 10));
        Assert.Equal(0, GrantAll(other, Requests(500), 10));
    }

    [Fact]
    public void Charge_AfterAnAdjustmentEnded_GrantsNothingFromABlockWhenOthersHaveUsedMore()
    {
        var (one, other) = (Open(), Open());
        var ends = _now.AddSeconds(20);
        one.Adjust(Requests(1000), new QuotaAdjustment("a", 1000, "incident", ends));
        _shelf.Settle(one, () => one.IsOwing ? one.Plan([], _now) : null);
        Warm(one, Requests(1000), 100);
        Assert.Equal(1000, GrantAll(other, Requests(1000), 1000));
        Assert.True(one.Charge([new(Requests(1000), 1)], _now) == ChargeResult.Granted, "there must be a block at hand");

        _now = _now > ends ? _now : ends;

        Assert.Equal(0, GrantAll(one, Requests(1000), 10));
        Assert.Equal(0, GrantAll(other, Requests(1000), 10));
    }

    [Fact]
    public void Charge_AfterTheLimitWasLowered_GrantsNothingAboveItFromABlockAtHand()
    {
        var account = Open();
        Warm(account, Requests(10_000), 200);
        var used = account.Standing(Requests(10_000), _now).Used;
        Assert.True(_shelf.Record!.Entries[0].Reserved > used + 5, "there is a block at hand");

        Assert.Equal(5, GrantAll(account, Requests(used + 5), 50));
        Assert.Equal(used + 5, account.Standing(Requests(used + 5), _now).Used);
        Assert.Equal(20, GrantAll(account, Requests(used + 25), 100));
    }

    [Fact]
    public void Charge_InTheNextWindow_BeginsAnewAndLeavesTheOldBlockBehind()
    {
        var account = Open();
        Warm(account, Requests(1000), 200);
        var at = _now;
        _now = QuotaWindow.Parse("1m").At(_now).End;

        Assert.Equal(ChargeStatus.Refill, account.Charge([new(Requests(1000), 1)], _now).Status);
        Assert.Equal(1000, GrantAll(account, Requests(1000), 1500));

        // A clock that goes back finds the window that was reached, not the one before.
        _now = at;
        Assert.Equal(0, GrantAll(account, Requests(1000), 10));
        Assert.Equal(0, GrantAll(Open(), Requests(1000), 10));
    }

    [Fact]
    public void Charge_OnAClockAnHourBack_DoesNotReopenAWindow()
    {
        var limit = new QuotaLimit(QuotaScope.Agent, "p", "l", QuotaMetric.Requests, 50, QuotaWindow.Parse("hour", "Europe/Berlin"));
        Assert.Equal(50, GrantAll(Open(), limit, 60));
        _now = Start.AddHours(1);
        Assert.Equal(50, GrantAll(Open(), limit, 60));
        _now = Start;

        Assert.Equal(0, GrantAll(Open(), limit, 60));
        _now = Start.AddHours(2);
        Assert.Equal(50, GrantAll(Open(), limit, 60));
    }

    [Fact]
    public void Charge_MonthsAfterTheEntryWasForgotten_StillCounts()
    {
        GrantAll(Open(), Requests(5), 5);
        _now = Start.AddDays(40);
        GrantAll(Open(), Requests(5, "another"), 1);

        Assert.Equal("another", Assert.Single(_shelf.Record!.Entries).Key.Name);
        Assert.Equal(5, GrantAll(Open(), Requests(5), 9));
    }

    [Fact]
    public void GiveBack_InItsWindow_ReopensWhatWasCharged_AndNowhereElse()
    {
        var account = Open();
        var limit = Requests(3);
        GrantAll(account, limit, 2);
        Span<QuotaCharge> charges = new QuotaCharge[1];
        _shelf.Settle(account, () => account.Plan([new(limit, 1)], _now));
        account.Take([new(limit, 1)], _now, charges);
        Assert.Equal(0, GrantAll(account, limit, 1));

        Assert.True(account.GiveBack(charges[0]));
        Assert.Equal(1, GrantAll(account, limit, 5));
        _now = _now.AddMinutes(2);
        Assert.Equal(3, GrantAll(account, limit, 5));
        Assert.False(account.GiveBack(charges[0]));
        Assert.Equal(0, GrantAll(account, limit, 5));
    }

    [Fact]
    public void Overdraw_BeyondWhatIsAtHand_IsADebtThatTakesTheRoomOfGrants()
    {
        var account = Open();
        var limit = Requests(100);
        GrantAll(account, limit, 10);
        var id = Guid.NewGuid();
        Assert.True(account.Overdraw(limit, 50, id, _now));
        _shelf.Settle(account, () => account.IsOwing ? account.Plan([], _now) : null);

        Assert.Equal(60, account.Standing(limit, _now).Used);
        Assert.Equal(40, GrantAll(account, limit, 100));

        // Told again by whoever does not know that it was written: it counts once.
        var next = Open();
        Assert.True(next.Overdraw(limit, 50, id, _now));
        _shelf.Settle(next, () => next.IsOwing ? next.Plan([], _now) : null);
        Assert.Equal(100, next.Standing(limit, _now).Used);
        Assert.True(next.Overdraw(limit, 7, Guid.NewGuid(), _now));
        _shelf.Settle(next, () => next.IsOwing ? next.Plan([], _now) : null);
        Assert.Equal((107, 0, 7), (next.Standing(limit, _now).Used, next.Standing(limit, _now).Remaining, next.Standing(limit, _now).Overrun));
    }

    [Fact]
    public void Adjust_AddsAndTakesAway_UntilItEnds()
    {
        var account = Open();
        var limit = Requests(10);
        GrantAll(account, limit, 10);
        account.Adjust(limit, new QuotaAdjustment("a", 5, "incident", _now.AddSeconds(20)));
        account.Adjust(limit, new QuotaAdjustment("b", -2, "too much", _now.AddSeconds(40)));
        _shelf.Settle(account, () => account.IsOwing ? account.Plan([], _now) : null);

        Assert.True(account.IsAdjusted(limit, "a", _now));
        Assert.Equal(3, GrantAll(account, limit, 10));
        _now = _now.AddSeconds(30);
        Assert.Equal((8, 13, 0), (account.Standing(limit, _now).Most, account.Standing(limit, _now).Used, account.Standing(limit, _now).Remaining));
        _now = _now.AddMinutes(1);
        Assert.Equal(10, GrantAll(account, limit, 20));
    }

    [Fact]
    public void Charge_OfABlockConfirmedTooLongAgo_ReservesAnewUnderTheLimitOfToday()
    {
        var account = Open();
        Warm(account, Requests(10_000), 200);
        var used = account.Standing(Requests(10_000), _now).Used;
        _now = _now.AddSeconds(6);
        QuotaDemand[] demand = [new(Requests(10_000), 1)];

        Assert.Equal(ChargeStatus.Refill, account.Charge(demand, _now, _now.AddSeconds(-5)).Status);
        _shelf.Settle(account, () => account.Charge(demand, _now, _now.AddSeconds(-5)).Status == ChargeStatus.Refill ? account.Plan(demand, _now, _now.AddSeconds(-5)) : null);
        Assert.Equal(used + 1, account.Standing(Requests(10_000), _now).Used);
    }

    [Fact]
    public void Plan_UnderASteadyRate_WritesOnceInTwoSeconds()
    {
        var account = Open();
        var limit = new QuotaLimit(QuotaScope.Agent, "p", "l", QuotaMetric.Requests, 2_000_000, QuotaWindow.Parse("day"));
        Steady(account, limit, 5_000);
        var writes = _shelf.Writes;

        Steady(account, limit, 20_000);

        // A block lasts two seconds and is topped up when a quarter of it is left.
        Assert.InRange(_shelf.Writes - writes, 8, 16);
    }

    private void Steady(QuotaAccount account, QuotaLimit limit, int requests)
    {
        for (var request = 0; request < requests; request++)
        {
            _now = _now.AddMilliseconds(1);
            Assert.Equal(ChargeStatus.Granted, Ask(account, new QuotaDemand(limit, 1)).Status);
            if (account.IsLow)
            {
                _shelf.Settle(account, () => account.IsLow ? account.Plan([], _now) : null);
            }
        }
    }

    private QuotaAccount Open()
    {
        var account = new QuotaAccount(Guid.NewGuid());
        account.Load(_shelf.Record, _shelf.ETag);
        return account;
    }

    private long GrantAll(QuotaAccount account, QuotaLimit limit, int requests)
    {
        var granted = 0L;
        for (var request = 0; request < requests; request++)
        {
            granted += Ask(account, new QuotaDemand(limit, 1)).Status == ChargeStatus.Granted ? 1 : 0;
        }

        return granted;
    }

    // At some rate, so that there is a block at hand.
    private void Warm(QuotaAccount account, QuotaLimit limit, int requests)
    {
        for (var request = 0; request < requests; request++)
        {
            _now = _now.AddMilliseconds(1);
            Assert.Equal(1, GrantAll(account, limit, 1));
        }
    }

    private ChargeResult Ask(QuotaAccount account, params QuotaDemand[] demands)
    {
        while (true)
        {
            var result = account.Charge(demands, _now);
            if (result.Status != ChargeStatus.Refill)
            {
                return result;
            }

            var write = account.Plan(demands, _now)!;
            if (_shelf.TryWrite(write))
            {
                account.Applied(_shelf.ETag);
            }
            else
            {
                account.ReadBack(_shelf.Record, _shelf.ETag);
            }
        }
    }

    private static QuotaLimit Requests(long limit, string name = "l") =>
        new(QuotaScope.Agent, "p", name, QuotaMetric.Requests, limit, QuotaWindow.Parse("1m"));
}
