using Npgsql;

namespace ControlZero.Storage.Postgres;

/// <summary>Connections, with errors that say what to do.</summary>
internal static class PostgresConnection
{
    /// <summary>The data source of a connection string: what it does not say about time-outs is short, because callers wait for quotas.</summary>
    /// <exception cref="PostgresStorageException">The connection string cannot be read.</exception>
    public static NpgsqlDataSource CreateDataSource(string connectionString)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            if (!settings.ShouldSerialize("Application Name"))
            {
                settings.ApplicationName = "controlzero";
            }

            // Seconds.
            if (!settings.ShouldSerialize("Timeout"))
            {
                settings.Timeout = 5;
            }

            if (!settings.ShouldSerialize("Command Timeout"))
            {
                settings.CommandTimeout = 5;
            }

            return NpgsqlDataSource.Create(settings);
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException or InvalidCastException)
        {
            // Not with the string, which may hold a password.
            throw new PostgresStorageException(
                $"the PostgreSQL connection string cannot be read: {failure.Message}; write it as `Host=…;Database=…;Username=…`",
                failure);
        }
    }

    /// <summary>Opens one.</summary>
    /// <exception cref="PostgresStorageException">The server cannot be reached or does not let us in.</exception>
    public static async Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        try
        {
            return await dataSource.OpenConnectionAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is NpgsqlException or System.Net.Sockets.SocketException or TimeoutException)
        {
            var where = new NpgsqlConnectionStringBuilder(dataSource.ConnectionString);
            throw new PostgresStorageException(
                $"the database `{where.Database}` on `{where.Host}` cannot be opened: {failure.Message.ReplaceLineEndings(" ")}; "
                + "check that the server runs, and the host, port, user and password of the connection string",
                failure);
        }
    }
}
