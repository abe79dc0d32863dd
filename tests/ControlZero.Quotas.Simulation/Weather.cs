namespace ControlZero.Quotas.Simulation;

/// <summary>
/// What goes wrong in a run, and how often: each kind of fault is switched off in some runs, so that the others are seen undisturbed. Unit of the
/// figures: probability, of an operation or a second.
/// </summary>
internal sealed class Weather
{
    public Weather(Dice dice)
    {
        Refused = Rate(0.05);
        AnswerLost = Rate(0.08);
        Late = Rate(0.05);
        Doubled = Rate(0.05);
        ReadFails = Rate(0.05);
        Kill = Rate(0.03);
        Pause = Rate(0.04);
        ClockJump = dice.Chance(0.4) ? 0.03 : 0;
        Move = Rate(0.05);
        Misrouted = Rate(0.08);
        MessageLost = Rate(0.05);
        MessageLate = Rate(0.05);
        MessageDoubled = Rate(0.05);
        LimitChange = Rate(0.06);
        Adjustment = Rate(0.05);
        AskedAgain = Rate(0.1);
        Skew = TimeSpan.FromMilliseconds(dice.Chance(0.5) ? 50 : 2_000);
        RoomOfAgent = dice.Chance(0.5) ? 2 + dice.Below(7) : 1_000;
        RoomOfSilo = dice.Chance(0.5) ? 4 + dice.Below(12) : 1_000;

        double Rate(double most) => dice.Chance(0.7) ? most : 0;
    }

    public double Refused { get; }

    public double AnswerLost { get; }

    public double Late { get; }

    public double Doubled { get; }

    public double ReadFails { get; }

    public double Kill { get; }

    public double Pause { get; }

    public double ClockJump { get; }

    public double Move { get; }

    /// <summary>A request reaches another silo than the owner of its agent.</summary>
    public double Misrouted { get; }

    public double MessageLost { get; }

    public double MessageLate { get; }

    public double MessageDoubled { get; }

    public double LimitChange { get; }

    /// <summary>Somebody adds units to a limit for a time, or takes them away.</summary>
    public double Adjustment { get; }

    /// <summary>A caller asks once more with the same request, as one does whose answer was lost.</summary>
    public double AskedAgain { get; }

    /// <summary>Reservations that an agent's activation may keep. Unit: entries.</summary>
    public int RoomOfAgent { get; }

    /// <summary>Reservations that a silo may keep. Unit: entries.</summary>
    public int RoomOfSilo { get; }

    /// <summary>How far clocks are off when nothing is wrong with them.</summary>
    public TimeSpan Skew { get; }
}
