using ControlZero.Engine.Diagnostics;
using ControlZero.Server.Cluster.Setups;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Audit.Keeping;

/// <summary>The container of a log that is kept in Azure, and its account where that is another one than the cluster's.</summary>
internal sealed record AuditAzureSettings
{
    /// <summary>The section: <c>Audit:Azure</c>.</summary>
    public const string SectionName = "Audit:Azure";

    private const int ShortestName = 3;
    private const int LongestName = 63;

    /// <summary>The account's connection string. Default: the cluster's account, section <c>Azure</c>.</summary>
    public string? Connection { get; init; }

    /// <summary>Address of the account's blobs, asked with the identity of the process. Default: the cluster's account, section <c>Azure</c>.</summary>
    public Uri? BlobEndpoint { get; init; }

    /// <summary>The container, made when it is missing: 3 to 63 lower-case letters, digits and single inner dashes. Default: <c>Cluster:Id</c> and <c>-audit</c>.</summary>
    public string? Container { get; init; }

    /// <summary>
    /// How long a server that is gone may take to be started again, and to go on with the segment it had open, before another one seals it. 1 s to 1 h.
    /// Default: 1 min.
    /// </summary>
    public TimeSpan SealAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether an account is named here.</summary>
    public bool HasAccount => Connection is not null || BlobEndpoint is not null;

    /// <summary>Whether any of it is set.</summary>
    public bool IsSet => HasAccount || Container is not null || SealAfter != new AuditAzureSettings().SealAfter;

    /// <summary>Reads the section.</summary>
    public static AuditAzureSettings Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new AuditAzureSettings());
        return new()
        {
            SealAfter = section.Duration(nameof(SealAfter), standard.SealAfter, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            Connection = section.Secret(nameof(Connection)),
            BlobEndpoint = section.Url(nameof(BlobEndpoint), "https://account.blob.core.windows.net"),
            Container = section.Text(nameof(Container), "") is { Length: > 0 } name ? name : null,
        };
    }

    /// <summary>What reaches the blobs: a connection string or an address. Null: nobody names an account.</summary>
    public string? Account(AzureSettings cluster) => Connection ?? BlobEndpoint?.AbsoluteUri ?? cluster.Connection ?? cluster.BlobEndpoint?.AbsoluteUri;

    /// <summary>The setting that names the account, for a person.</summary>
    public string AccountSetting => HasAccount ? $"{SectionName}:Connection or {SectionName}:BlobEndpoint" : "Azure:Connection or Azure:BlobEndpoint";

    /// <summary>The container's name.</summary>
    public string ContainerName(ClusterSettings cluster) => Container ?? $"{cluster.Id}-audit";

    /// <summary>What is wrong with it, when it is used.</summary>
    public IEnumerable<string> Faults(AzureSettings cluster)
    {
        if (Connection is not null && BlobEndpoint is not null)
        {
            yield return $"{SectionName}:Connection and {SectionName}:BlobEndpoint say the same thing twice; give one or the other";
        }

        if (Account(cluster) is null)
        {
            yield return $"Audit:Sink `azure` needs a storage account; give {SectionName}:Connection, or {SectionName}:BlobEndpoint to ask with the process's identity, "
                + "or the cluster's account in the section Azure";
        }

        if (Container is { } name && !IsContainer(name))
        {
            yield return $"{SectionName}:Container {Quoted.Text(name)} is no name of a container; write {ShortestName} to {LongestName} lower-case letters, digits and single inner dashes";
        }
    }

    private static bool IsContainer(string name) =>
        name.Length is >= ShortestName and <= LongestName
        && name.All(each => char.IsAsciiLetterLower(each) || char.IsAsciiDigit(each) || each == '-')
        && name[0] != '-' && name[^1] != '-' && !name.Contains("--", StringComparison.Ordinal);

    // Whoever dumps the options does not want the account's key.
    private bool PrintMembers(System.Text.StringBuilder builder)
    {
        builder.Append(nameof(Connection)).Append(" = ").Append(Connection is null ? "(not set)" : "(set)");
        return true;
    }
}
