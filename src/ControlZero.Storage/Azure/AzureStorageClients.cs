using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;

namespace ControlZero.Storage.Azure;

/// <summary>Makes the clients of an Azure Storage account, with time-outs for a service whose callers wait.</summary>
public static class AzureStorageClients
{
    // A row takes 5 to 15 ms. What has not come after this long is decided by reading back, not by waiting.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2.5);

    /// <summary>
    /// A client of the account's tables.
    /// </summary>
    /// <param name="connection">
    /// A connection string, or the service's address (<c>https://ACCOUNT.table.core.windows.net</c>). An address that carries a signature
    /// (<c>sig=</c>) is used as it is; any other with <paramref name="credential"/>.
    /// </param>
    /// <param name="credential">Who asks. Default: the managed or workload identity of the process, else what its environment names.</param>
    /// <param name="options">Default: <see cref="ShortTimeouts"/>.</param>
    public static TableServiceClient Tables(string connection, TokenCredential? credential = null, TableClientOptions? options = null)
    {
        options ??= ShortTimeouts(new TableClientOptions());
        return Address(connection) switch
        {
            null => new TableServiceClient(connection, options),
            var address when IsSigned(address) => new TableServiceClient(address, options),
            var address => new TableServiceClient(address, credential ?? new DefaultAzureCredential(), options),
        };
    }

    /// <summary>A client of the account's blobs; the parameters as for <see cref="Tables"/> (<c>https://ACCOUNT.blob.core.windows.net</c>).</summary>
    public static BlobServiceClient Blobs(string connection, TokenCredential? credential = null, BlobClientOptions? options = null)
    {
        options ??= ShortTimeouts(new BlobClientOptions());
        return Address(connection) switch
        {
            null => new BlobServiceClient(connection, options),
            var address when IsSigned(address) => new BlobServiceClient(address, options),
            var address => new BlobServiceClient(address, credential ?? new DefaultAzureCredential(), options),
        };
    }

    /// <summary>Sets an answer's time-out of 2.5 s and no retries: the provider decides by reading back whether another attempt is right.</summary>
    public static TOptions ShortTimeouts<TOptions>(TOptions options)
        where TOptions : ClientOptions
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Retry.NetworkTimeout = AnswerTimeout;
        options.Retry.MaxRetries = 0;
        return options;
    }

    private static Uri? Address(string connection) =>
        Uri.TryCreate(connection, UriKind.Absolute, out var address) && address.Scheme is "https" or "http" ? address : null;

    private static bool IsSigned(Uri address) => address.Query.Contains("sig=", StringComparison.Ordinal);
}
