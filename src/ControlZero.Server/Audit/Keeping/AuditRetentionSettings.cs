using ControlZero.Audit.Retention;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Audit.Keeping;

/// <summary>How long bodies of events are kept. Their hashes stay, so that the log verifies as before.</summary>
internal sealed record AuditRetentionSettings
{
    /// <summary>The section: <c>Audit:Retention</c>.</summary>
    public const string SectionName = "Audit:Retention";

    private const int MostMegabytes = 1_000_000_000;

    /// <summary>Segments that began longer ago lose their bodies, within an hour. Default: 0 s, they are kept for ever.</summary>
    public TimeSpan Age { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// When all segments together are larger, the oldest lose their bodies: of the whole log in a container, of this server's part on its disk. Unit:
    /// MiB. Default: 0, no limit.
    /// </summary>
    public int Megabytes { get; init; }

    /// <summary>Whether anything is ever dropped.</summary>
    public bool IsOn => Age > TimeSpan.Zero || Megabytes > 0;

    /// <summary>Reads the section.</summary>
    public static AuditRetentionSettings Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new AuditRetentionSettings());
        return new()
        {
            Age = section.Duration(nameof(Age), standard.Age, TimeSpan.Zero, TimeSpan.FromDays(3650)),
            Megabytes = section.Number(nameof(Megabytes), standard.Megabytes, 0, MostMegabytes),
        };
    }

    /// <summary>As the log takes it.</summary>
    public RetentionOptions ToOptions() => new()
    {
        Age = Age > TimeSpan.Zero ? Age : null,
        Bytes = Megabytes > 0 ? (long)Megabytes << 20 : null,
    };
}
