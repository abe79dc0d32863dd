using ControlZero.Abstractions;
using Npgsql;

namespace ControlZero.Storage.Postgres;

/// <summary>The keys in a PostgreSQL database: a range of the index <c>orleansstorage_keys</c>.</summary>
internal sealed class PostgresKeys(NpgsqlDataSource dataSource, string serviceId) : IStoredKeys
{
    // Compared by their bytes, whatever the database's own order is.
    internal const string Query = """
        SELECT grainidextensionstring FROM orleansstorage
        WHERE serviceid = $1 AND graintypestring = $2
              AND grainidextensionstring COLLATE "C" >= $3 AND grainidextensionstring COLLATE "C" < $4
        ORDER BY grainidextensionstring COLLATE "C"
        LIMIT $5
        """;

    public async Task<IReadOnlyList<string>> ReadAsync(StoredKeyRange range, int count, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(Query);
        command.Parameters.AddWithValue(serviceId);
        command.Parameters.AddWithValue(RecordKey.TypeOf(range.StateName, range.GrainType));
        command.Parameters.AddWithValue(RecordKey.Spell(range.From));
        command.Parameters.AddWithValue(RecordKey.Spell(range.End));
        command.Parameters.AddWithValue(count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var keys = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(RecordKey.Read(reader.GetString(0)));
        }

        return keys;
    }
}
