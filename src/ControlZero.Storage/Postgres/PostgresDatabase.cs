using Npgsql;

namespace ControlZero.Storage.Postgres;

/// <summary>What is found in a database, of what this build needs.</summary>
/// <param name="HasLayoutTable">Whether our own record of layouts is there.</param>
/// <param name="HasOrleansTables">Whether there are tables that Orleans' providers use, whoever made them.</param>
/// <param name="Version">The newest layout it has been through. 0: none.</param>
/// <param name="FencesFirstWrites">Whether the constraint is there that lets one of two first writes win.</param>
/// <param name="Indexes">Which of our own indexes are there.</param>
/// <param name="Queries">The statements it holds for Orleans.</param>
/// <param name="UnsafeSettings">Settings under which an answered write may be lost.</param>
internal sealed record PostgresDatabase(
    bool HasLayoutTable,
    bool HasOrleansTables,
    int Version,
    bool FencesFirstWrites,
    IReadOnlySet<string> Indexes,
    IReadOnlyDictionary<string, string> Queries,
    IReadOnlyList<string> UnsafeSettings)
{
    private const string OrleansTables = "'orleansquery', 'orleansmembershipversiontable', 'orleansmembershiptable', 'orleansstorage'";

    /// <summary>Looks.</summary>
    public static async Task<PostgresDatabase> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var hasLayoutTable = await ExistsAsync("SELECT to_regclass('controlzero_layout') IS NOT NULL");
        var hasOrleansTables = await ExistsAsync($"SELECT bool_or(to_regclass(name) IS NOT NULL) FROM unnest(ARRAY[{OrleansTables}]) AS name");
        return new PostgresDatabase(
            hasLayoutTable,
            hasOrleansTables,
            hasLayoutTable ? await NumberAsync("SELECT coalesce(max(version), 0) FROM controlzero_layout") : 0,
            await ExistsAsync("""
                SELECT EXISTS (
                    SELECT FROM pg_constraint
                    WHERE conname = 'orleansstorage_identity' AND contype = 'u' AND conrelid = to_regclass('orleansstorage'))
                """),
            await ReadIndexesAsync(connection, cancellationToken),
            await ExistsAsync("SELECT to_regclass('orleansquery') IS NOT NULL") ? await ReadQueriesAsync(connection, cancellationToken) : [],
            await ReadUnsafeSettingsAsync(connection, cancellationToken));

        async Task<bool> ExistsAsync(string sql) => (bool)(await ScalarAsync(connection, sql, cancellationToken))!;
        async Task<int> NumberAsync(string sql) => (int)(await ScalarAsync(connection, sql, cancellationToken))!;
    }

    /// <summary>Throws when the tables are somebody else's, or a newer release's.</summary>
    public void RefuseWhatIsNotOurs()
    {
        if (HasOrleansTables && !HasLayoutTable)
        {
            throw new PostgresStorageException(
                "the database holds tables of Orleans that this server did not make; "
                + "give it a database of its own, or a schema of its own by `Search Path=…`");
        }

        if (Version > PostgresSchema.Version)
        {
            throw new PostgresStorageException(
                $"the database was written by a newer release (layout {Version}, this build reads up to {PostgresSchema.Version}); "
                + "start that release");
        }
    }

    /// <summary>Throws when anything is not as this build needs it, with all of it in the message.</summary>
    public void RefuseWhatIsMissing()
    {
        var findings = new List<string>();
        if (Version < PostgresSchema.Version)
        {
            findings.Add($"layout {PostgresSchema.Version} is missing (found {Version}); let the server create it, or ask who owns the database");
        }
        else
        {
            if (!FencesFirstWrites)
            {
                findings.Add("the unique constraint `orleansstorage_identity` is missing, so two first writes could both win; restore it");
            }

            findings.AddRange(PostgresScripts.Indexes.Keys.Except(Indexes).Order(StringComparer.Ordinal)
                .Select(name => $"the index `{name}` is missing; let the server create it"));
            findings.AddRange(PostgresScripts.Queries.Keys.Order(StringComparer.Ordinal)
                .Where(key => Queries.GetValueOrDefault(key) != PostgresScripts.Queries[key])
                .Select(key => (Key: key, State: Queries.ContainsKey(key) ? "another one" : "missing"))
                .Select(query => $"the statement `{query.Key}` in `orleansquery` is {query.State}; let the server write it"));
        }

        findings.AddRange(UnsafeSettings.Select(
            name => $"the setting `{name}` is off, so an answered write may be lost and a quota granted twice; switch it on"));
        if (findings.Count > 0)
        {
            var list = string.Join('\n', findings.Select(finding => $"- {finding}"));
            throw new PostgresStorageException($"the database is not as this build needs it:\n{list}");
        }
    }

    private static async Task<Dictionary<string, string>> ReadQueriesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var queries = new Dictionary<string, string>();
        await using var command = new NpgsqlCommand("SELECT querykey, querytext FROM orleansquery", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            queries.Add(reader.GetString(0), reader.GetString(1));
        }

        return queries;
    }

    private static async Task<IReadOnlySet<string>> ReadIndexesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT name FROM unnest(@names) AS name WHERE to_regclass(name) IS NOT NULL", connection);
        command.Parameters.AddWithValue("names", PostgresScripts.Indexes.Keys.ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new HashSet<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetString(0));
        }

        return found;
    }

    private static async Task<List<string>> ReadUnsafeSettingsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        await using var command = new NpgsqlCommand(
            "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name",
            connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetString(0));
        }

        return found;
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
