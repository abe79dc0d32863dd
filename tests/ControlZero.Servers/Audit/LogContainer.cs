using Azure.Storage.Blobs;

namespace ControlZero.Servers.Audit;

/// <summary>A log that servers keep in a container.</summary>
public static class LogContainer
{
    /// <summary>Writes all of it as files below a directory, as a server keeps its log on a disk. Returns the directory.</summary>
    /// <param name="connection">Connection string of the account.</param>
    /// <param name="container">Name of the container.</param>
    /// <param name="directory">The directory; it is made.</param>
    /// <param name="cancellationToken">Ends the download.</param>
    public static async Task<string> DownloadAsync(string connection, string container, string directory, CancellationToken cancellationToken = default)
    {
        var blobs = new BlobContainerClient(connection, container);
        await foreach (var blob in blobs.GetBlobsAsync(cancellationToken: cancellationToken))
        {
            var path = Path.Combine(directory, blob.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await blobs.GetBlobClient(blob.Name).DownloadToAsync(path, cancellationToken);
        }

        return directory;
    }
}
