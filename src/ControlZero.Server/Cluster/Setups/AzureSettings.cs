using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>The Azure Storage account of a cluster: by a connection string, or by its addresses and the process's identity.</summary>
internal sealed record AzureSettings
{
    /// <summary>The section: <c>Azure</c>.</summary>
    public const string SectionName = "Azure";

    /// <summary>The account's connection string. Default: none.</summary>
    public string? Connection { get; init; }

    /// <summary>
    /// Address of the account's tables (<c>https://ACCOUNT.table.core.windows.net</c>), asked with the managed or workload identity of the process.
    /// Default: none.
    /// </summary>
    public Uri? TableEndpoint { get; init; }

    /// <summary>Address of the account's blobs (<c>https://ACCOUNT.blob.core.windows.net</c>), asked in the same way. Default: none.</summary>
    public Uri? BlobEndpoint { get; init; }

    /// <summary>Whether any of it is set.</summary>
    public bool IsSet => Connection is not null || TableEndpoint is not null || BlobEndpoint is not null;

    /// <summary>What reaches the tables: the connection string or the address.</summary>
    public string Tables => Connection ?? TableEndpoint!.AbsoluteUri;

    /// <summary>What reaches the blobs: the connection string or the address.</summary>
    public string Blobs => Connection ?? BlobEndpoint!.AbsoluteUri;

    /// <summary>Reads the section.</summary>
    public static AzureSettings Read(SettingReader reader)
    {
        var section = reader.Section(SectionName);
        return new()
        {
            Connection = section.Secret(nameof(Connection)),
            TableEndpoint = section.Url(nameof(TableEndpoint), "https://account.table.core.windows.net"),
            BlobEndpoint = section.Url(nameof(BlobEndpoint), "https://account.blob.core.windows.net"),
        };
    }

    /// <summary>What is wrong with it, when it is used.</summary>
    public IEnumerable<string> Faults()
    {
        if (Connection is null && (TableEndpoint is null || BlobEndpoint is null))
        {
            yield return "Cluster:Setup `azure` needs a storage account; give Azure:Connection, or both Azure:TableEndpoint and Azure:BlobEndpoint "
                + "to ask with the process's identity";
        }
        else if (Connection is not null && (TableEndpoint is not null || BlobEndpoint is not null))
        {
            yield return "Azure:Connection and Azure:TableEndpoint or Azure:BlobEndpoint say the same thing twice; give one or the other";
        }
    }

    // Whoever dumps the options does not want the account's key.
    private bool PrintMembers(System.Text.StringBuilder builder)
    {
        builder.Append(nameof(Connection)).Append(" = ").Append(Connection is null ? "(not set)" : "(set)");
        return true;
    }
}
