using ControlZero.Grains.Tenants;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Hosting;

/// <summary>How many tenants the cluster may have.</summary>
internal sealed record TenancySettings
{
    /// <inheritdoc cref="TenancyOptions.Max"/>
    public int Max { get; init; } = new TenancyOptions().Max;

    /// <summary>Reads the section.</summary>
    public static TenancySettings Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(TenancyOptions.SectionName), new TenancySettings());
        return new() { Max = section.Number(nameof(Max), standard.Max, 1, TenancyOptions.Highest) };
    }
}
