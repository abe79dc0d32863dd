using System.Data;
using System.Globalization;
using Npgsql;

namespace ControlZero.Storage.Postgres;

/// <summary>
/// The tables and statements that this build needs in a PostgreSQL database: made on request, looked at otherwise. They are numbered layouts;
/// <c>controlzero_layout</c> holds the numbers that a database has been through.
/// </summary>
public static class PostgresSchema
{
    /// <summary>The newest layout this build writes. A database of a newer one is refused.</summary>
    public static int Version => PostgresScripts.Layouts.Count;

    // "CZCL", the number that also marks this project's embedded files: silos that start together take turns.
    private const long LockKey = 0x435A434C;

    // Seconds: whoever comes later waits for all who came before.
    private const int CommandTimeout = 120;

    /// <summary>
    /// Brings the database to this build's layout. What is there stays; nothing to do is fine. Any number of silos may do so at once. It takes
    /// the right to create tables, which serving does not.
    /// </summary>
    /// <exception cref="PostgresStorageException">The tables are not this project's, belong to a newer release, or the database may lose
    /// what it answered.</exception>
    public static async Task EnsureAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken = default)
    {
        await using var connection = await PostgresConnection.OpenAsync(dataSource, cancellationToken);
        try
        {
            await BringUpAsync(connection, cancellationToken);
        }
        catch (PostgresException failure)
        {
            throw new PostgresStorageException(
                $"the tables cannot be made: {failure.MessageText}; let a user who owns the database or schema make them",
                failure);
        }
    }

    /// <summary>Opens the database once and makes its tables (<see cref="EnsureAsync"/>) or looks at them (<see cref="CheckAsync"/>).</summary>
    /// <param name="connectionString">How to reach it, in Npgsql's spelling. Time-outs it does not name are 5 s.</param>
    /// <param name="create">Whether to make what is missing.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="PostgresStorageException">It cannot be opened, or is not as this build needs it.</exception>
    public static async Task PrepareAsync(string connectionString, bool create, CancellationToken cancellationToken = default)
    {
        await using var dataSource = PostgresConnection.CreateDataSource(connectionString);
        await (create ? EnsureAsync(dataSource, cancellationToken) : CheckAsync(dataSource, cancellationToken));
    }

    /// <summary>Looks whether the database is as this build needs it. Changes nothing.</summary>
    /// <exception cref="PostgresStorageException">It is not; the message names all that is missing or different.</exception>
    public static async Task CheckAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken = default)
    {
        await using var connection = await PostgresConnection.OpenAsync(dataSource, cancellationToken);
        var found = await PostgresDatabase.ReadAsync(connection, cancellationToken);
        found.RefuseWhatIsNotOurs();
        found.RefuseWhatIsMissing();
    }

    private static async Task BringUpAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);

        // INVARIANT: everything below is read after the lock, so the second of two sees what the first has committed. The lock ends with us.
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken);
        var found = await PostgresDatabase.ReadAsync(connection, cancellationToken);
        found.RefuseWhatIsNotOurs();
        if (!found.HasLayoutTable)
        {
            await ExecuteAsync(
                connection,
                "CREATE TABLE controlzero_layout (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
                cancellationToken);
        }

        for (var version = found.Version + 1; version <= Version; version++)
        {
            var number = version.ToString(CultureInfo.InvariantCulture);
            await ExecuteAsync(
                connection,
                $"{PostgresScripts.Layouts[version - 1]}\nINSERT INTO controlzero_layout (version) VALUES ({number})",
                cancellationToken);
        }

        foreach (var (_, text) in PostgresScripts.Indexes.Where(index => !found.Indexes.Contains(index.Key)))
        {
            await ExecuteAsync(connection, text, cancellationToken);
        }

        await WriteQueriesAsync(connection, found, cancellationToken);
        (await PostgresDatabase.ReadAsync(connection, cancellationToken)).RefuseWhatIsMissing();
        await transaction.CommitAsync(cancellationToken);
    }

    // Only what differs: a silo that is reading them shall not wait for one that has nothing to say.
    private static async Task WriteQueriesAsync(NpgsqlConnection connection, PostgresDatabase found, CancellationToken cancellationToken)
    {
        foreach (var (key, text) in PostgresScripts.Queries.Where(query => found.Queries.GetValueOrDefault(query.Key) != query.Value))
        {
            await using var command = new NpgsqlCommand(
                "INSERT INTO orleansquery VALUES (@key, @text) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext",
                connection) { CommandTimeout = CommandTimeout };
            command.Parameters.AddWithValue("key", key);
            command.Parameters.AddWithValue("text", text);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = CommandTimeout };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
