using Microsoft.Extensions.Options;

namespace ControlZero.Grains.Feed;

/// <summary>How far a silo may lag behind what was acknowledged elsewhere.</summary>
public sealed class FreshnessOptions
{
    /// <summary>Where these options stand in a configuration.</summary>
    public const string SectionName = "Freshness";

    /// <summary>The shortest bound: below it, an ordinary pause of a process makes it deny.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest bound.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How old a silo's knowledge of what is in force may be. Older: no allow, unless the tenant chose <c>allow_stale</c>. Unit: time,
    /// 200 ms to 5 minutes. Default: 2 s. A larger bound rides out longer outages of storage; a suspension then takes as long to reach a
    /// silo that could not be told. All silos of a cluster must have the same.
    /// </summary>
    public TimeSpan Bound { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often the feed is read: four times within the bound, so that most of it is left for decisions, and at least once a second.
    /// Unit: time.
    /// </summary>
    internal TimeSpan Interval => TimeSpan.FromTicks(Math.Min(Bound.Ticks / 4, TimeSpan.TicksPerSecond));

    /// <summary>When a read is given up and tried anew. Unit: time.</summary>
    internal TimeSpan ReadTimeout => Bound / 2;
}

/// <summary>Checks the options when the silo starts.</summary>
internal sealed class FreshnessOptionsValidator : IValidateOptions<FreshnessOptions>
{
    public ValidateOptionsResult Validate(string? name, FreshnessOptions options) =>
        options.Bound >= FreshnessOptions.Shortest && options.Bound <= FreshnessOptions.Longest
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"{FreshnessOptions.SectionName}:{nameof(options.Bound)} `{options.Bound}` is out of range; choose {FreshnessOptions.Shortest} to {FreshnessOptions.Longest}");
}
