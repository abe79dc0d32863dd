using ControlZero.Chaos.Faults;

namespace ControlZero.Chaos.Tests.Faults;

public sealed class FaultPlanTests
{
    private static readonly FaultKind[] Kinds = [FaultKind.Kill, FaultKind.Pause, FaultKind.Term, FaultKind.Storage];

    [Fact]
    public void Plan_OfOneSeed_IsTheSameEachTime_AndOfAnotherSeedAnother()
    {
        var plan = FaultPlan.Make(Kinds, 3, TimeSpan.FromSeconds(300), 7);

        Assert.Equal(plan.Faults, FaultPlan.Make(Kinds, 3, TimeSpan.FromSeconds(300), 7).Faults);
        Assert.NotEqual(plan.Faults, FaultPlan.Make(Kinds, 3, TimeSpan.FromSeconds(300), 8).Faults);
    }

    [Fact]
    public void Plan_WithTime_HasEveryFaultInEveryPhase_AndStorageGoneForAMinute()
    {
        var plan = FaultPlan.Make(Kinds, 3, TimeSpan.FromSeconds(420), 1);

        Assert.Empty(plan.LeftOut);
        Assert.Equal(Kinds.Length * FaultPlan.Phases.Count, plan.Faults.Select(fault => (fault.Kind, fault.Phase)).Distinct().Count());
        Assert.All(plan.Faults.Where(fault => fault.Kind == FaultKind.Storage), fault => Assert.Equal(60, fault.Length.TotalSeconds));
    }

    [Fact]
    public void Plan_WithoutTimeForAll_HasEachFaultOnce_AndTellsWhatIsLeftOut()
    {
        var plan = FaultPlan.Make(Kinds, 3, TimeSpan.FromSeconds(45), 1);

        Assert.Equal(Kinds.Length, plan.Faults.Select(fault => fault.Kind).Distinct().Count());
        Assert.Equal(Kinds.Length * FaultPlan.Phases.Count, plan.LeftOut.Count + plan.Faults.Select(fault => (fault.Kind, fault.Phase)).Distinct().Count());
    }

    [Fact]
    public void Plan_WithAlmostNoTime_HasOneFault() => Assert.Single(FaultPlan.Make(Kinds, 3, TimeSpan.FromSeconds(1), 1).Faults);
}
