using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Quotas;

public sealed class SlotTests
{
    private readonly QuotaShelf _shelf = new();
    private readonly Queue<QuotaCharge> _admitted = new();
    private TimeSpan _hold = QuotaLimit.DefaultHold;
    private DateTimeOffset _now = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Charge_OfCallsInFlight_AdmitsAsManyAtATimeAsTheLimitSays()
    {
        var account = Open();

        Assert.Equal(4, Admit(account, 10));
        Assert.Equal(0, Admit(account, 1));
        Assert.True(account.GiveBack(_admitted.Dequeue()));
        Assert.Equal(1, Admit(account, 3));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(600)]
    [InlineData(86_400)]
    public void Charge_OfCallsThatNobodyEnds_CountsThemForTheirHoldAndALittle(int seconds)
    {
        _hold = TimeSpan.FromSeconds(seconds);
        var account = Open();
        Admit(account, 2);
        _now += _hold / 2;
        Admit(account, 2);
        var (early, late) = (_admitted.First(), _admitted.Last());

        _now += (_hold / 2) - TimeSpan.FromTicks(1);
        Assert.Equal((0, 4L), (Admit(account, 1), account.Standing(Limit(), _now).Used));
        _now += TimeSpan.FromSeconds(1) + (_hold / 1024);
        Assert.Equal(2L, account.Standing(Limit(), _now).Used);

        // Their places are others' now: whoever gives one back all the same takes none away.
        Assert.False(account.GiveBack(early));
        Assert.Equal(2, Admit(account, 5));
        Assert.True(account.GiveBack(late));
        Assert.Equal(3L, account.Standing(Limit(), _now).Used);
    }

    [Fact]
    public void Charge_AfterTheClockWasAheadAndIsBack_EndsCallsAllTheSame()
    {
        var account = Open();
        _now += TimeSpan.FromHours(1);
        Assert.Equal(2, Admit(account, 2));
        _now += _hold + TimeSpan.FromSeconds(1);
        Assert.Equal(0L, account.Standing(Limit(), _now).Used);

        _now -= TimeSpan.FromHours(1);
        Assert.Equal(4, Admit(account, 5));
        _now += _hold + TimeSpan.FromSeconds(1);
        Assert.Equal(0L, account.Standing(Limit(), _now).Used);
    }

    [Fact]
    public void Charge_ByTwoHolders_NeverAdmitsMoreThanTheLimitTogether()
    {
        var (one, other) = (Open(), Open());

        Assert.Equal(3, Admit(one, 3));
        Assert.Equal(1, Admit(other, 5));
        Assert.Equal(0, Admit(one, 5));
    }

    [Fact]
    public void Charge_AfterACrash_CountsTheCallsOfTheDeadUntilTheyEnd()
    {
        Admit(Open(), 4);
        var next = Open();
        Assert.Equal(0, Admit(next, 1));

        _now += Limit().Hold;
        Assert.Equal(0, Admit(next, 1));
        _now = _now.AddSeconds(36);
        Assert.Equal(4, Admit(next, 5));
    }

    [Fact]
    public void PlanReturn_KeepsPlacesForCallsUnderWayOnly()
    {
        var account = Open();
        Admit(account, 4);
        account.GiveBack(_admitted.Dequeue());
        account.GiveBack(_admitted.Dequeue());
        account.GiveBack(_admitted.Dequeue());
        _shelf.Settle(account, () => account.PlanReturn(_now) is { } write && write.Record.Entries[0].Slots[0].Count != _shelf.Record!.Entries[0].Slots[0].Count ? write : null);

        Assert.Equal(3, Admit(Open(), 5));
    }

    [Fact]
    public void Plan_WhileCallsComeAndGo_RenewsTheLeaseAndNotMore()
    {
        var account = Open();
        Admit(account, 1);
        account.GiveBack(_admitted.Dequeue());
        var writes = _shelf.Writes;
        for (var second = 0; second < 120; second++)
        {
            _now = _now.AddSeconds(1);
            Assert.Equal(1, Admit(account, 1));
            account.GiveBack(_admitted.Dequeue());
            _shelf.Settle(account, () => account.IsLow ? account.Plan([], _now) : null);
        }

        Assert.InRange(_shelf.Writes - writes, 4, 9);
    }

    private QuotaAccount Open()
    {
        var account = new QuotaAccount(Guid.NewGuid());
        account.Load(_shelf.Record, _shelf.ETag);
        return account;
    }

    private int Admit(QuotaAccount account, int calls)
    {
        var admitted = 0;
        for (var call = 0; call < calls; call++)
        {
            QuotaDemand[] demands = [new(Limit(), 1)];
            _shelf.Settle(account, () => account.Offer(demands, _now).Status == ChargeStatus.Refill ? account.Plan(demands, _now) : null);
            if (account.Offer(demands, _now).Status == ChargeStatus.Granted)
            {
                var charges = new QuotaCharge[1];
                account.Take(demands, _now, charges);
                _admitted.Enqueue(charges[0]);
                admitted++;
            }
        }

        return admitted;
    }

    private QuotaLimit Limit() => new(QuotaScope.Agent, "p", "parallel", QuotaMetric.InFlight, 4, null) { Hold = _hold };
}
