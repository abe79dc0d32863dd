using System.Security.Cryptography;
using ControlZero.Abstractions;
using Microsoft.Data.Sqlite;

namespace ControlZero.Storage.Embedded;

/// <summary>The statements on the table of grain state. Not thread-safe: the database's one thread calls it.</summary>
internal sealed class GrainTable : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _read;
    private readonly SqliteCommand _keys;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _delete;

    public GrainTable(SqliteConnection connection)
    {
        _connection = connection;
        _begin = connection.CreateCommand();
        _begin.CommandText = "BEGIN IMMEDIATE";
        _commit = connection.CreateCommand();
        _commit.CommandText = "COMMIT";
        const string identity = "grain_type = $type AND grain_key = $key AND state_name = $state";
        _read = Prepare(connection, $"SELECT etag, payload FROM grain_state WHERE {identity}");
        _keys = Prepare(
            connection,
            "SELECT grain_key FROM grain_state WHERE grain_type = $type AND grain_key >= $key AND grain_key < $end AND state_name = $state ORDER BY grain_key LIMIT $count",
            "$end",
            "$count");
        _insert = Prepare(
            connection,
            "INSERT INTO grain_state VALUES ($type, $key, $state, $new, $payload) ON CONFLICT DO NOTHING",
            "$new",
            "$payload");
        _update = Prepare(
            connection,
            $"UPDATE grain_state SET etag = $new, payload = $payload WHERE {identity} AND etag = $expected",
            "$new",
            "$payload",
            "$expected");
        _delete = Prepare(connection, $"DELETE FROM grain_state WHERE {identity} AND etag = $expected", "$expected");
    }

    public void Begin() => _begin.ExecuteNonQuery();

    public void Commit() => _commit.ExecuteNonQuery();

    /// <summary>Ends the transaction, if there is one: some failures of SQLite, a full disk among them, end it by themselves.</summary>
    public void RollBack()
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
        {
            using var rollBack = _connection.CreateCommand();
            rollBack.CommandText = "ROLLBACK";
            rollBack.ExecuteNonQuery();
        }
    }

    public StoredRecord? Read(RecordName name)
    {
        Name(_read, name);
        using var reader = _read.ExecuteReader();
        return reader.Read() ? new StoredRecord(reader.GetString(0), reader.GetFieldValue<byte[]>(1)) : null;
    }

    /// <summary>Keys of a range, in the order of their bytes, which is that of the primary key.</summary>
    public List<string> Keys(StoredKeyRange range, int count)
    {
        Name(_keys, new RecordName(range.GrainType, range.From, range.StateName));
        _keys.Parameters["$end"].Value = range.End;
        _keys.Parameters["$count"].Value = count;
        using var reader = _keys.ExecuteReader();
        var keys = new List<string>();
        while (reader.Read())
        {
            keys.Add(reader.GetString(0));
        }

        return keys;
    }

    /// <summary>Inserts when no record is expected, replaces the expected one otherwise.</summary>
    public WriteResult Write(RecordName name, string? expectedETag, byte[] payload)
    {
        // Random, not counted: a record that was deleted and made again never has an ETag that somebody still holds.
        var etag = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
        var command = expectedETag is null ? _insert : _update;
        Name(command, name);
        command.Parameters["$new"].Value = etag;
        command.Parameters["$payload"].Value = payload;
        if (expectedETag is not null)
        {
            command.Parameters["$expected"].Value = expectedETag;
        }

        return command.ExecuteNonQuery() == 1 ? new WriteResult(true, etag) : new WriteResult(false, Read(name)?.ETag);
    }

    /// <summary>Deletes the expected record. Nothing expected and nothing there is fine too.</summary>
    public WriteResult Delete(RecordName name, string? expectedETag)
    {
        if (expectedETag is null)
        {
            var existing = Read(name);
            return new WriteResult(existing is null, existing?.ETag);
        }

        Name(_delete, name);
        _delete.Parameters["$expected"].Value = expectedETag;
        return _delete.ExecuteNonQuery() == 1 ? new WriteResult(true, null) : new WriteResult(false, Read(name)?.ETag);
    }

    public void Dispose()
    {
        _begin.Dispose();
        _commit.Dispose();
        _read.Dispose();
        _keys.Dispose();
        _insert.Dispose();
        _update.Dispose();
        _delete.Dispose();
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, params ReadOnlySpan<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in (ReadOnlySpan<string>)["$type", "$key", "$state", .. parameters])
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }

        return command;
    }

    private static void Name(SqliteCommand command, RecordName name)
    {
        command.Parameters["$type"].Value = name.GrainType;
        command.Parameters["$key"].Value = name.GrainKey;
        command.Parameters["$state"].Value = name.StateName;
    }
}
