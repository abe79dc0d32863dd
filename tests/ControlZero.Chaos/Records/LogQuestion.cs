namespace ControlZero.Chaos.Records;

/// <summary>Which events of a tenant's audit log were asked for. What is empty takes every event.</summary>
/// <param name="From">The earliest time, inclusive. Unit of both: microseconds since the run began, by the clock of this machine.</param>
/// <param name="To">The latest time, exclusive.</param>
internal sealed record LogQuestion(long From, long To)
{
    /// <summary>One decision, and nothing else.</summary>
    public string DecisionId { get => field ?? ""; init; } = "";

    public string Agent { get => field ?? ""; init; } = "";

    /// <summary>Beginning of the ids of the agents that the key is bound to.</summary>
    public string BoundTo { get => field ?? ""; init; } = "";

    public string Effect { get => field ?? ""; init; } = "";

    public string Model { get => field ?? ""; init; } = "";

    public string Policy { get => field ?? ""; init; } = "";

    public string Rule { get => field ?? ""; init; } = "";

    /// <summary>Whether each page was asked of another server than the one before.</summary>
    public bool Wanders { get; init; }

    /// <summary>Whether a decision is one of those, its time apart.</summary>
    public bool Takes(string agent, string resource, Answer answer) =>
        (DecisionId.Length == 0 || answer.DecisionId == DecisionId)
        && (Agent.Length == 0 || agent == Agent)
        && agent.StartsWith(BoundTo, StringComparison.Ordinal)
        && (Effect.Length == 0 || answer.Effect == Effect)
        && (Model.Length == 0 || resource == $"model/{Model}")
        && (Policy.Length == 0 || answer.Policy == Policy)
        && (Rule.Length == 0 || answer.Rule == Rule);
}

/// <summary>An event as it was found.</summary>
/// <param name="At">When it was recorded. Unit: microseconds since the run began, by the clock of this machine.</param>
/// <param name="Silo">The silo whose front door answered.</param>
/// <param name="Generation">Which start of it.</param>
/// <param name="Sequence">Number of the record in that generation.</param>
/// <param name="RequestId">Of the call.</param>
/// <param name="Agent">Who was asked about.</param>
/// <param name="Action">What for.</param>
/// <param name="Resource">With what.</param>
/// <param name="Epoch">The epoch the answer names.</param>
/// <param name="Answer">What was answered.</param>
internal sealed record FoundEvent(
    long At, string Silo, long Generation, long Sequence, string RequestId, string Agent, string Action, string Resource, ulong Epoch, Answer Answer);
