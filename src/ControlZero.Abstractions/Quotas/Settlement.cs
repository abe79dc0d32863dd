using System.Collections.Immutable;
using ControlZero.Engine.Quotas;

namespace ControlZero.Abstractions.Quotas;

/// <summary>What a reserved call really used.</summary>
/// <param name="Token">Names the reservation.</param>
/// <param name="Usage">What was used.</param>
/// <param name="ResponseModel">The model that answered, <c>model/…</c>. Null: the one that was asked for.</param>
[GenerateSerializer, Immutable, Alias("cz.SettleCommand")]
public sealed record SettleCommand(
    [property: Id(0)] string Token,
    [property: Id(1)] CallUsage Usage,
    [property: Id(2)] string? ResponseModel = null);

/// <summary>What came of settling or cancelling.</summary>
[GenerateSerializer, Immutable, Alias("cz.SettleOutcome")]
public sealed record SettleOutcome
{
    /// <summary>Whether it went through.</summary>
    [Id(0)]
    public required SettleStatus Status { get; init; }

    /// <summary>True: the reservation had ended, or whoever granted it is gone. Nothing was given back.</summary>
    [Id(1)]
    public bool Late { get; init; }

    /// <summary>True: the same was told before.</summary>
    [Id(2)]
    public bool Replayed { get; init; }

    /// <summary>True: more was used than reserved.</summary>
    [Id(3)]
    public bool Overrun { get; init; }

    /// <summary>True: the answer came from a model that was not authorised.</summary>
    [Id(4)]
    public bool ModelDrift { get; init; }

    /// <summary>The limits it was charged to, as they are now.</summary>
    [Id(5)]
    public ImmutableArray<LimitStanding> Limits { get; init; } = [];
}

/// <summary>Whether a reservation could be settled or cancelled.</summary>
public enum SettleStatus
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>It has ended.</summary>
    Done = 1,

    /// <summary>The agent has no such reservation.</summary>
    NotFound = 2,

    /// <summary>It was settled otherwise, or cancelled and not settled. Nothing changed.</summary>
    Otherwise = 3,
}

/// <summary>Units to add to a limit of an agent, or to take away.</summary>
/// <param name="Policy">The policy that states the limit.</param>
/// <param name="Limit">The limit's name.</param>
/// <param name="Delta">Units; negative takes away.</param>
/// <param name="Reason">Why.</param>
/// <param name="ExpiresIn">For how long. Null: until the window ends.</param>
/// <param name="RequestId">The caller's id: again with the same one adjusts once.</param>
/// <param name="By">Id of the key that asks.</param>
/// <param name="OwnOnly">True: the key may speak for some agents only, so a limit that the whole tenant shares is not its to adjust.</param>
[GenerateSerializer, Immutable, Alias("cz.AdjustCommand")]
public sealed record AdjustCommand(
    [property: Id(0)] string Policy,
    [property: Id(1)] string Limit,
    [property: Id(2)] long Delta,
    [property: Id(3)] string Reason,
    [property: Id(4)] TimeSpan? ExpiresIn,
    [property: Id(5)] string RequestId,
    [property: Id(6)] string By,
    [property: Id(7)] bool OwnOnly = false);

/// <summary>What came of it.</summary>
/// <param name="IsRegistered">False: there is no such agent.</param>
/// <param name="Limit">The limit as it now is. Null: no policy in force states it for the agent.</param>
/// <param name="ExpiresAt">When the adjustment ends.</param>
/// <param name="Replayed">True: the same id had adjusted before.</param>
/// <param name="IsShared">True: the whole tenant shares the limit, and it was not adjusted because of <see cref="AdjustCommand.OwnOnly"/>.</param>
[GenerateSerializer, Immutable, Alias("cz.AdjustOutcome")]
public sealed record AdjustOutcome(
    [property: Id(0)] bool IsRegistered,
    [property: Id(1)] LimitStanding? Limit = null,
    [property: Id(2)] DateTimeOffset ExpiresAt = default,
    [property: Id(3)] bool Replayed = false,
    [property: Id(4)] bool IsShared = false);
