using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>The Redis in which a cluster on Azure Storage keeps its membership, and nothing else.</summary>
internal sealed record RedisSettings
{
    /// <summary>The section: <c>Redis</c>.</summary>
    public const string SectionName = "Redis";

    /// <summary>How to reach it, in the spelling of StackExchange.Redis: <c>host:6379,password=…,ssl=true</c>. Default: none.</summary>
    public string? Connection { get; init; }

    /// <summary>Reads the section.</summary>
    public static RedisSettings Read(SettingReader reader) => new() { Connection = reader.Section(SectionName).Secret(nameof(Connection)) };

    // Whoever dumps the options does not want the password.
    private bool PrintMembers(System.Text.StringBuilder builder)
    {
        builder.Append(nameof(Connection)).Append(" = ").Append(Connection is null ? "(not set)" : "(set)");
        return true;
    }
}
