using System.Globalization;
using Microsoft.Data.Sqlite;

namespace ControlZero.Storage.Embedded;

/// <summary>Opens the file, checks that it is ours and whole, and brings its tables to this build's version.</summary>
internal static class EmbeddedSchema
{
    // "CZCL": marks the file as this project's, so that another program's database is never written to.
    private const int ApplicationId = 0x435A434C;

    // Number of the newest layout this build writes. A file of a newer one is refused.
    private const int Version = 1;

    private const string Tables = """
        CREATE TABLE grain_state (
            grain_type TEXT NOT NULL,
            grain_key  TEXT NOT NULL,
            state_name TEXT NOT NULL,
            etag       TEXT NOT NULL,
            payload    BLOB NOT NULL,
            PRIMARY KEY (grain_type, grain_key, state_name)
        ) WITHOUT ROWID, STRICT;
        """;

    public static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            Prepare(connection, path);
            return connection;
        }
        catch (SqliteException failure)
        {
            connection.Dispose();
            throw new EmbeddedStorageException(Explain(path, failure), failure);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Prepare(SqliteConnection connection, string path)
    {
        var version = Number(connection, "PRAGMA user_version");
        var isNew = version == 0 && Number(connection, "SELECT count(*) FROM sqlite_master") == 0;
        if (!isNew && Number(connection, "PRAGMA application_id") != ApplicationId)
        {
            throw new EmbeddedStorageException($"`{path}` is another program's database; choose another --data directory");
        }

        if (version > Version)
        {
            throw new EmbeddedStorageException(
                $"`{path}` was written by a newer release (layout {version}, this build reads up to {Version}); start that release");
        }

        var health = Text(connection, "PRAGMA quick_check(1)");
        if (health != "ok")
        {
            throw new EmbeddedStorageException($"`{path}` is damaged ({health.ReplaceLineEndings(" ")}); restore it from a backup");
        }

        // WAL with FULL: a commit is one append and one fsync, and an answered write survives a power cut.
        Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON");
        if (isNew)
        {
            Execute(connection, string.Create(
                CultureInfo.InvariantCulture,
                $"BEGIN IMMEDIATE; {Tables} PRAGMA application_id={ApplicationId}; PRAGMA user_version={Version}; COMMIT"));
        }
    }

    private static string Explain(string path, SqliteException failure) => failure.SqliteErrorCode switch
    {
        SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT =>
            $"`{path}` is damaged or no database; restore it from a backup, or move it away to begin anew",
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => $"`{path}` is in use by another process; stop that one first",
        SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_PERM =>
            $"`{path}` cannot be written; check the owner and mode of the file and its directory",
        SQLitePCL.raw.SQLITE_FULL => $"the disk that holds `{path}` is full",
        _ => $"`{path}` cannot be opened: {failure.Message}",
    };

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static string Text(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (string)command.ExecuteScalar()!;
    }
}
