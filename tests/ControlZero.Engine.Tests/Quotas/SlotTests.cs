using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Quotas;

public sealed class SlotTests
{
    private readonly QuotaShelf _shelf = new();
    private DateTimeOffset _now = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Charge_OfCallsInFlight_AdmitsAsManyAtATimeAsTheLimitSays()
    {
        var account = Open();

        Assert.Equal(4, Admit(account, 10));
        Assert.Equal(0, Admit(account, 1));
        Assert.True(account.GiveBack(new QuotaCharge(Limit(), 0, 1)));
        Assert.Equal(1, Admit(account, 3));
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
        account.GiveBack(new QuotaCharge(Limit(), 0, 1));
        account.GiveBack(new QuotaCharge(Limit(), 0, 1));
        account.GiveBack(new QuotaCharge(Limit(), 0, 1));
        _shelf.Settle(account, () => account.PlanReturn(_now) is { } write && write.Record.Entries[0].Slots[0].Count != _shelf.Record!.Entries[0].Slots[0].Count ? write : null);

        Assert.Equal(3, Admit(Open(), 5));
    }

    [Fact]
    public void Plan_WhileCallsComeAndGo_RenewsTheLeaseAndNotMore()
    {
        var account = Open();
        Admit(account, 1);
        account.GiveBack(new QuotaCharge(Limit(), 0, 1));
        var writes = _shelf.Writes;
        for (var second = 0; second < 120; second++)
        {
            _now = _now.AddSeconds(1);
            Assert.Equal(1, Admit(account, 1));
            account.GiveBack(new QuotaCharge(Limit(), 0, 1));
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
            admitted += account.Charge(demands, _now).Status == ChargeStatus.Granted ? 1 : 0;
        }

        return admitted;
    }

    private static QuotaLimit Limit() => new(QuotaScope.Agent, "p", "parallel", QuotaMetric.InFlight, 4, null);
}
