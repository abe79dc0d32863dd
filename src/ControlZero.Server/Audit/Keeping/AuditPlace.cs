using Azure.Storage.Blobs;
using ControlZero.Audit.Azure;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Retention;
using ControlZero.Audit.Sinks;
using ControlZero.Server.Hosting;
using ControlZero.Storage.Azure;

namespace ControlZero.Server.Audit.Keeping;

/// <summary>Where the log is kept, and all that writes there and reads it.</summary>
internal sealed class AuditPlace
{
    // A block of 4 MiB over a slow line takes its seconds.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly string _root;

    private AuditPlace(string root, BlobContainerClient? container) => (_root, Container) = (root, container);

    /// <summary>The container that all servers of the cluster share. Null: each keeps its part on its own disk.</summary>
    public BlobContainerClient? Container { get; }

    /// <summary>Whether one server can read what all have written.</summary>
    public bool IsShared => Container is not null;

    /// <summary>The log's files.</summary>
    public IAuditArchive Archive => Container is { } container ? new BlobArchive(container) : new LocalArchive(_root);

    /// <summary>Puts indexes beside their segments, for all that read them.</summary>
    public IIndexStore Indexes => Container is { } container ? new BlobIndexStore(container) : new LocalIndexStore(_root);

    /// <summary>What retention works on.</summary>
    public IRetainedStore Retained => Container is { } container ? new BlobRetainedStore(container) : new LocalRetainedStore(_root);

    /// <summary>The place that settings name.</summary>
    /// <exception cref="FormatException">The account's connection string cannot be read.</exception>
    public static AuditPlace Of(ServerOptions options, string directory) =>
        new(directory, options.Audit.Sink == AuditSinkKind.Azure ? ContainerOf(options) : null);

    /// <summary>Where segments go, and their indexes beside them.</summary>
    public IAuditSink CreateSink(IndexSeal seal, TimeProvider time) =>
        new IndexingSink(Container is { } container ? new AppendBlobSink(container, time) : new LocalFileSink(_root), Indexes, seal);

    /// <summary>The ledger, for one writer: it remembers where it was.</summary>
    public ILedgerStore CreateLedger(TimeProvider time) => Container is { } container ? new BlobLedgerStore(container) : new LocalLedgerStore(_root, time);

    private static BlobContainerClient ContainerOf(ServerOptions options)
    {
        // The sink reads back what became of a block instead of sending it again.
        var client = new BlobClientOptions();
        client.Retry.NetworkTimeout = AnswerTimeout;
        client.Retry.MaxRetries = 0;
        return AzureStorageClients.Blobs(options.Audit.Azure.Account(options.Azure)!, options: client)
            .GetBlobContainerClient(options.Audit.Azure.ContainerName(options.Cluster));
    }
}
