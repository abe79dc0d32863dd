using ControlZero.Abstractions.Agents;

namespace ControlZero.Grains.Agents;

/// <summary>Answers that were counted. Default: none.</summary>
/// <param name="Allowed">Answers that allowed.</param>
/// <param name="Denied">Answers that denied.</param>
/// <param name="LastTicks">When the last of them was made. Unit: ticks of UTC.</param>
internal readonly record struct UsageCounts(long Allowed, long Denied, long LastTicks)
{
    public bool IsNone => Allowed + Denied == 0;

    public DateTimeOffset? LastDecisionAt => IsNone ? null : new DateTimeOffset(LastTicks, TimeSpan.Zero);

    /// <summary>
    /// The count of one answer. A dry run is none, and neither is what was not decided: for want of the epoch asked for, or because its request id
    /// belongs to another question.
    /// </summary>
    public static UsageCounts Of(Authorization authorization, AuthorizeRequest request, DateTimeOffset now) =>
        request.DryRun || authorization.Epoch < request.MinEpoch || authorization.Quota is { IsOtherQuestion: true }
        ? default
        : authorization.Decision.Allowed ? new UsageCounts(1, 0, now.UtcTicks) : new UsageCounts(0, 1, now.UtcTicks);

    public UsageCounts And(UsageCounts other) =>
        new(Allowed + other.Allowed, Denied + other.Denied, Math.Max(LastTicks, other.LastTicks));
}
