using Azure;
using ControlZero.Server.Audit;
using ControlZero.Server.Audit.Keeping;
using ControlZero.Server.Hosting;
using ControlZero.Storage.Azure;
using ControlZero.Storage.Postgres;
using ControlZero.Storage.Redis;
using Orleans.Configuration;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>
/// Reaches for every server that a set-up names, before the silo does: what is wrong then costs seconds and a line, not a silo that joins a cluster
/// and leaves it.
/// </summary>
internal static class SetupTrial
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);

    /// <summary>Does so, one after the other. PostgreSQL's tables are made on the way, if the server shall make them.</summary>
    /// <exception cref="StartupException">One cannot be used.</exception>
    public static async Task RunAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        var (postgres, redis) = (options.Postgres.Connection, options.Redis.Connection);
        if (postgres is not null)
        {
            // Its own bounds: making tables takes what it takes.
            await PostgresSchema.PrepareAsync(postgres, options.Postgres.CreateSchema, cancellationToken);
        }

        if (redis is not null)
        {
            await WithinAsync("Redis:Connection", "`host:6379,password=…`", ct => RedisMembershipExtensions.CheckAsync(redis, ct), cancellationToken);
        }

        if (options.Audit is { Mode: not AuditLevel.Off, Sink: AuditSinkKind.Azure })
        {
            await TryAuditAsync(options, cancellationToken);
        }

        if (options.Cluster.Setup == SetupKind.Azure)
        {
            await WithinAsync(
                "Azure:Connection or Azure:TableEndpoint",
                "a connection string as the account's keys page shows it, or an address",
                ct => AzureStorageClients.Tables(options.Azure.Tables).CreateTableIfNotExistsAsync(AzureTableStorageOptions.DEFAULT_TABLE_NAME, ct),
                cancellationToken);
            await WithinAsync(
                "Azure:Connection or Azure:BlobEndpoint",
                "a connection string as the account's keys page shows it, or an address",
                ct => AzureStorageClients.Blobs(options.Azure.Blobs).GetBlobContainerClient(PoliciesContainer(options.Cluster)).CreateIfNotExistsAsync(cancellationToken: ct),
                cancellationToken);
        }
    }

    // One that is away is not waited for: what it lacks waits on this server's disk, as when it goes away later. One that refuses is a fault in the settings.
    private static async Task TryAuditAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        var setting = options.Audit.Azure.AccountSetting;
        try
        {
            await WithinAsync(
                setting,
                "a connection string as the account's keys page shows it, or an address",
                ct => AuditPlace.Of(options, options.Data.Directory).Container!.CreateIfNotExistsAsync(cancellationToken: ct),
                cancellationToken);
        }
        catch (RequestFailedException refused) when (refused.Status is >= 400 and < 500)
        {
            throw new StartupException(
                $"what {setting} names does not let this server make the container `{options.Audit.Azure.ContainerName(options.Cluster)}` of the audit log: {refused.ErrorCode}; "
                + "check the key, or give the identity the role Storage Blob Data Contributor",
                refused);
        }
        catch (StartupException late) when (late.InnerException is OperationCanceledException)
        {
            // Away.
        }
        catch (RequestFailedException)
        {
            // Away.
        }
    }

    /// <summary>The container of a cluster's policies. A blob's name does not say whose it is, so each cluster has one of its own.</summary>
    public static string PoliciesContainer(ClusterSettings cluster) => $"{cluster.Id}-policies";

    private static async Task WithinAsync(string setting, string form, Func<CancellationToken, Task> reach, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Bound);
        try
        {
            await reach(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StartupException($"what {setting} names did not answer within {Bound.TotalSeconds} s; check the address and the network", failure);
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException or InvalidOperationException)
        {
            // Not with the text, which may hold a password.
            throw new StartupException($"{setting} cannot be read; write {form}", failure);
        }
    }
}
