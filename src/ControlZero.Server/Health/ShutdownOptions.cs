using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Health;

/// <summary>How a server that was told to stop takes its leave.</summary>
internal sealed record ShutdownOptions
{
    /// <summary>Where the options stand in the configuration.</summary>
    public const string SectionName = "Shutdown";

    /// <summary>The longest <see cref="DrainDelay"/>.</summary>
    public static readonly TimeSpan MaxDrainDelay = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Time between the moment the server says that it wants no more work (readiness, gRPC health) and the moment it accepts none; it
    /// serves as before in between. Behind a load balancer: at least what that takes to notice, its probe period times its failure
    /// threshold. A second signal ends it. 0 to 5 min. Default: 0, right for clients that know the server's address.
    /// </summary>
    public TimeSpan DrainDelay { get; init; } = TimeSpan.Zero;

    /// <summary>Reads the section.</summary>
    public static ShutdownOptions Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new ShutdownOptions());
        return new() { DrainDelay = section.Duration(nameof(DrainDelay), standard.DrainDelay, TimeSpan.Zero, MaxDrainDelay) };
    }
}
