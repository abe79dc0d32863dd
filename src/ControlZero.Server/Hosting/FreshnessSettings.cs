using ControlZero.Grains.Feed;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Hosting;

/// <summary>How far this server may be behind the others.</summary>
internal sealed record FreshnessSettings
{
    /// <inheritdoc cref="FreshnessOptions.Bound"/>
    public TimeSpan Bound { get; init; } = new FreshnessOptions().Bound;

    /// <summary>Reads the section.</summary>
    public static FreshnessSettings Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(FreshnessOptions.SectionName), new FreshnessSettings());
        return new() { Bound = section.Duration(nameof(Bound), standard.Bound, FreshnessOptions.Shortest, FreshnessOptions.Longest) };
    }
}
