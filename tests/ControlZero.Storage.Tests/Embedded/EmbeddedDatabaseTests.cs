using ControlZero.Storage.Embedded;
using Microsoft.Data.Sqlite;

namespace ControlZero.Storage.Tests.Embedded;

public sealed class EmbeddedDatabaseTests : IDisposable
{
    private static readonly RecordName Name = new("agent", "acme~bot", "agent");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-database-");

    private string FilePath => Path.Combine(_directory.FullName, "state.db");

    [Fact]
    public async Task Open_Again_FindsWhatWasWritten()
    {
        string? etag;
        using (var first = EmbeddedDatabase.Open(FilePath))
        {
            etag = (await first.WriteAsync(Name, null, [1, 2, 3])).ETag;
        }

        using var second = EmbeddedDatabase.Open(FilePath);
        var record = await second.ReadAsync(Name);

        Assert.Equal([1, 2, 3], record!.Payload);
        Assert.Equal(etag, record.ETag);
    }

    [Fact]
    public void Open_AFileThatIsNoDatabase_SaysSoInOneLine()
    {
        File.WriteAllText(FilePath, new string('x', 8192));

        var refusal = Assert.Throws<EmbeddedStorageException>(() => EmbeddedDatabase.Open(FilePath));

        Assert.Contains("is damaged or no database", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public async Task Open_AFileWithADamagedPage_IsRefused()
    {
        using (var database = EmbeddedDatabase.Open(FilePath))
        {
            for (var number = 0; number < 200; number++)
            {
                await database.WriteAsync(Name with { GrainKey = $"acme~{number}" }, null, new byte[200]);
            }
        }

        var bytes = await File.ReadAllBytesAsync(FilePath);
        bytes.AsSpan(4096, 8192).Fill(0xAA);
        await File.WriteAllBytesAsync(FilePath, bytes);

        var refusal = Assert.Throws<EmbeddedStorageException>(() => EmbeddedDatabase.Open(FilePath));

        Assert.Contains("is damaged", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AnotherProgramsDatabase_IsRefusedAndLeftAlone()
    {
        Execute("CREATE TABLE theirs (x)");

        var refusal = Assert.Throws<EmbeddedStorageException>(() => EmbeddedDatabase.Open(FilePath));

        Assert.Contains("another program's database", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1L, Execute("SELECT count(*) FROM sqlite_master"));
    }

    [Fact]
    public void Open_AFileOfANewerRelease_IsRefused()
    {
        EmbeddedDatabase.Open(FilePath).Dispose();
        Execute("PRAGMA user_version = 99");

        var refusal = Assert.Throws<EmbeddedStorageException>(() => EmbeddedDatabase.Open(FilePath));

        Assert.Contains("newer release (layout 99", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_InADirectoryThatIsNotThere_IsRefused()
    {
        var refusal = Assert.Throws<EmbeddedStorageException>(() => EmbeddedDatabase.Open(Path.Combine(_directory.FullName, "no", "state.db")));

        Assert.Contains("cannot be written", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_AfterDispose_IsRefused()
    {
        var database = EmbeddedDatabase.Open(FilePath);
        database.Dispose();

        await Assert.ThrowsAsync<EmbeddedStorageException>(() => database.WriteAsync(Name, null, [1]));
    }

    [Fact]
    public void Open_Always_SyncsEveryCommit()
    {
        EmbeddedDatabase.Open(FilePath).Dispose();

        // WAL is a property of the file; FULL (2) of each connection, which the storage sets on its only one.
        Assert.Equal("wal", Execute("PRAGMA journal_mode"));
        using var connection = EmbeddedSchema.Open(FilePath);
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous";
        Assert.Equal(2L, command.ExecuteScalar());
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private object? Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={FilePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
