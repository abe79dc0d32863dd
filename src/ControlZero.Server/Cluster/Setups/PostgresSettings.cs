using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>The PostgreSQL database of a cluster.</summary>
internal sealed record PostgresSettings
{
    /// <summary>The section: <c>Postgres</c>.</summary>
    public const string SectionName = "Postgres";

    /// <summary>How to reach it, in Npgsql's spelling: <c>Host=…;Database=…;Username=…;Password=…</c>. Default: none.</summary>
    public string? Connection { get; init; }

    /// <summary>
    /// Whether the server makes the tables it needs and brings older ones up to date. Without it a database that lacks any is refused, and serving
    /// takes no more than the right to read and write rows. Default: true.
    /// </summary>
    public bool CreateSchema { get; init; } = true;

    /// <summary>Reads the section.</summary>
    public static PostgresSettings Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new PostgresSettings());
        return new()
        {
            Connection = section.Secret(nameof(Connection)),
            CreateSchema = section.Flag(nameof(CreateSchema), standard.CreateSchema),
        };
    }

    // Whoever dumps the options does not want the password.
    private bool PrintMembers(System.Text.StringBuilder builder)
    {
        builder.Append(nameof(Connection)).Append(" = ").Append(Connection is null ? "(not set)" : "(set)");
        return true;
    }
}
