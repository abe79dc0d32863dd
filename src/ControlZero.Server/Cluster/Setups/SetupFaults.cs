using ControlZero.Server.Audit;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>What a set-up needs of the sections about its servers, and which of them it does not use.</summary>
internal static class SetupFaults
{
    /// <summary>All of it, a line each.</summary>
    public static IEnumerable<string> Of(ServerOptions options)
    {
        var setup = options.Cluster.Setup;
        foreach (var fault in options.Cluster.Faults().Concat(setup == SetupKind.Azure ? options.Azure.Faults() : []))
        {
            yield return fault;
        }

        var (postgres, redis) = (options.Postgres.Connection is not null, options.Redis.Connection is not null);
        if (setup == SetupKind.Postgres && !postgres)
        {
            yield return "Cluster:Setup `postgres` needs a database; give Postgres:Connection, for example `Host=db;Database=controlzero;Username=controlzero`";
        }

        if (setup == SetupKind.Azure && postgres == redis)
        {
            yield return postgres
                ? "Redis:Connection and Postgres:Connection are both set, and membership is kept in one place; remove one"
                : "Cluster:Setup `azure` needs a place for its membership; give Redis:Connection or Postgres:Connection";
        }

        (string Path, bool IsSet)[] unused =
        [
            ("Azure:Connection, Azure:TableEndpoint or Azure:BlobEndpoint", setup != SetupKind.Azure && options.Azure.IsSet && !KeepsLog(options)),
            ("Redis:Connection", setup != SetupKind.Azure && redis),
            ("Postgres:Connection", setup == SetupKind.Embedded && postgres),
        ];
        foreach (var (path, _) in unused.Where(each => each.IsSet))
        {
            yield return $"{path} is set, but Cluster:Setup `{options.Cluster.Setup.ToString().ToLowerInvariant()}` does not use it; remove it, or choose the set-up that does";
        }
    }

    // An account that only the audit log is in.
    private static bool KeepsLog(ServerOptions options) => options.Audit is { Sink: AuditSinkKind.Azure, Azure.HasAccount: false };
}
