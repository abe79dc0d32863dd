namespace ControlZero.Quotas.Simulation;

/// <summary>Everything that can go wrong, and the answers that matter. A set of runs that has not seen all of it has not tested what it says.</summary>
internal enum Happening
{
    WriteDone,
    WriteConflicted,
    WriteRefused,
    WriteAnswerLost,
    WriteDoneLate,
    WriteDoubled,
    ReadFailed,
    ReadBackFoundOwn,
    ReadBackOpen,
    ReadBackLost,
    SiloKilled,
    SiloKilledDuringWrite,
    SiloPaused,
    ClockAhead,
    ClockBack,
    SecondActivation,
    ActivationMoved,
    MessageLost,
    MessageLate,
    MessageDoubled,
    LimitRaised,
    LimitLowered,
    LimitRemoved,
    LimitPublishedAgain,
    Granted,
    GrantedInNextWindow,
    DeniedByAgentLimit,
    DeniedByTenantLimit,
    DeniedByCallsInFlight,
    DeniedForStaleness,
    DeniedForStorage,
    Refunded,
    RefundTooLate,
    Overdrawn,
    DebtAcknowledged,
    Cancelled,
    Expired,
    EndedEarly,
    EndedAsItBegan,
    DeniedForRoom,
    SettledElsewhere,
    SettledTwice,
    SettledLate,
    RequestReplayed,
    RequestForgotten,
    UnitsRecalled,
    LimitAdjusted,
    AdjustedTwice,
}

/// <summary>How often each happened.</summary>
internal sealed class Coverage
{
    private readonly long[] _counts = new long[Enum.GetValues<Happening>().Length];

    public long this[Happening happening] => _counts[(int)happening];

    public IEnumerable<Happening> Missing => Enum.GetValues<Happening>().Where(happening => this[happening] == 0);

    public void Count(Happening happening) => _counts[(int)happening]++;

    public void Add(Coverage other)
    {
        for (var index = 0; index < _counts.Length; index++)
        {
            _counts[index] += other._counts[index];
        }
    }
}
