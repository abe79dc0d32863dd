namespace ControlZero.Grains.Feed;

/// <summary>A moment by two clocks of this process, see <see cref="SiloFreshness.Since"/>.</summary>
/// <param name="Timestamp">By the clock that never goes back and stands still while the machine sleeps.</param>
/// <param name="Wall">By the wall clock.</param>
public readonly record struct Moment(long Timestamp, DateTimeOffset Wall);
