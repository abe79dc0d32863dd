using System.Text.Json.Serialization;

namespace ControlZero.Chaos.Records;

/// <summary>A decision as it was received.</summary>
/// <param name="Allowed">Whether the agent may act.</param>
/// <param name="Effect">The effect's word.</param>
/// <param name="Reason">The reason code.</param>
/// <param name="Rule">The rule's id.</param>
/// <param name="Index">Its position, or null.</param>
/// <param name="Policy">The policy whose rule decided.</param>
/// <param name="Version">Its version.</param>
/// <param name="Tried">How many rules were looked at.</param>
internal sealed record Answer(bool Allowed, string Effect, string Reason, string Rule, int? Index, string Policy, long Version, int Tried)
{
    /// <summary>The reason of a deny by a server that could not confirm what is in force.</summary>
    public const string Stale = "POLICY_STALE";

    /// <summary>The reason of a deny because nothing is left of a limit.</summary>
    public const string Exhausted = "QUOTA_EXCEEDED";

    /// <summary>The reason of a deny by a server that could not reach what it must know.</summary>
    public const string NoState = "STATE_UNAVAILABLE";

    /// <summary>Id of the decision.</summary>
    public string DecisionId { get => field ?? ""; init; } = "";

    /// <summary>The reason in words.</summary>
    public string? Words { get; init; }

    /// <summary>Token of what is held for the call. Null: nothing is.</summary>
    public string? Reservation { get; init; }

    /// <summary>What was said of policies in shadow, as an event has it. Null: nothing.</summary>
    public string? Shadow { get; init; }

    /// <summary>Whether an earlier call with the same request id was charged, and this one was not.</summary>
    public bool Replayed { get; init; }

    /// <summary>The windows that it was charged in, one for each limit that counts it. Null: none does.</summary>
    public IReadOnlyList<ChargedWindow>? Windows { get; init; }

    /// <summary>Whether it tells what the policies and limits say, and not that the server does not know.</summary>
    [JsonIgnore]
    public bool IsDecided => Reason is not (Stale or NoState);
}

/// <summary>A window of a limit, as an answer names it.</summary>
/// <param name="Limit">The limit's name.</param>
/// <param name="Ends">When it ends. Unit: milliseconds since 1970, by the server's clock.</param>
internal sealed record ChargedWindow(string Limit, long Ends);
