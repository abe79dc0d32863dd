using System.Collections.Concurrent;
using ControlZero.Abstractions;
using Microsoft.Data.Sqlite;

namespace ControlZero.Storage.Embedded;

/// <summary>
/// One SQLite file that holds the state of all grains of an embedded server. One thread owns the connection: it takes what is queued,
/// applies it in one transaction, syncs once and only then answers, so that concurrent writes share an fsync and a write that was
/// answered survives kill -9 and a power cut.
/// </summary>
/// <remarks>Statement by statement: <see cref="GrainTable"/>.</remarks>
public sealed class EmbeddedDatabase : IDisposable
{
    // Commands that may wait; a caller past that waits for room.
    private const int QueueLength = 4096;

    // Commands that share one transaction. More would only make the first of them wait longer.
    private const int BatchLength = 256;

    private readonly BlockingCollection<Command> _queue = new(QueueLength);
    private readonly SqliteConnection _connection;
    private readonly GrainTable _table;
    private readonly Thread _thread;

    private EmbeddedDatabase(SqliteConnection connection)
    {
        _connection = connection;
        _table = new GrainTable(connection);
        _thread = new Thread(Run) { IsBackground = true, Name = "controlzero-storage" };
        _thread.Start();
    }

    /// <summary>Opens the file, and makes it when it is not there.</summary>
    /// <exception cref="EmbeddedStorageException">It is no database of this project, is damaged, or cannot be written.</exception>
    public static EmbeddedDatabase Open(string path) => new(EmbeddedSchema.Open(path));

    internal Task<StoredRecord?> ReadAsync(RecordName name) =>
        Enqueue(table => table.Read(name), writes: false);

    internal Task<List<string>> KeysAsync(StoredKeyRange range, int count) =>
        Enqueue(table => table.Keys(range, count), writes: false);

    internal Task<WriteResult> WriteAsync(RecordName name, string? expectedETag, byte[] payload) =>
        Enqueue(table => table.Write(name, expectedETag, payload), writes: true);

    internal Task<WriteResult> DeleteAsync(RecordName name, string? expectedETag) =>
        Enqueue(table => table.Delete(name, expectedETag), writes: true);

    /// <summary>Finishes what is queued and closes the file.</summary>
    public void Dispose()
    {
        if (_queue.IsAddingCompleted)
        {
            return;
        }

        _queue.CompleteAdding();
        _thread.Join();
        _table.Dispose();
        _connection.Dispose();
        _queue.Dispose();
    }

    private Task<T> Enqueue<T>(Func<GrainTable, T> work, bool writes)
    {
        var command = new Command<T>(work, writes);
        try
        {
            _queue.Add(command);
        }
        catch (Exception closed) when (closed is InvalidOperationException or ObjectDisposedException)
        {
            throw new EmbeddedStorageException("the embedded database is closed", closed);
        }

        return command.Task;
    }

    private void Run()
    {
        var batch = new List<Command>(BatchLength);
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (batch.Count < BatchLength && _queue.TryTake(out var next))
            {
                batch.Add(next);
            }

            Execute(batch);
            batch.Clear();
        }
    }

    // INVARIANT: nobody is answered before the commit that holds his write has returned.
    private void Execute(List<Command> batch)
    {
        var writes = batch.Exists(command => command.Writes);
        try
        {
            if (writes)
            {
                _table.Begin();
            }

            batch.ForEach(command => command.Apply(_table));
            if (writes)
            {
                _table.Commit();
            }
        }
        catch (Exception failure)
        {
            // Nothing of the batch is kept, so all of it failed, also what came before the culprit.
            var cause = new EmbeddedStorageException($"the embedded database failed: {failure.Message}", failure);
            _table.RollBack();
            batch.ForEach(command => command.Fail(cause));
            return;
        }

        batch.ForEach(command => command.Answer());
    }

    private abstract class Command(bool writes)
    {
        public bool Writes { get; } = writes;

        public abstract void Apply(GrainTable table);

        public abstract void Answer();

        public abstract void Fail(Exception cause);
    }

    private sealed class Command<T>(Func<GrainTable, T> work, bool writes) : Command(writes)
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        public Task<T> Task => _completion.Task;

        public override void Apply(GrainTable table) => _result = work(table);

        public override void Answer() => _completion.SetResult(_result);

        public override void Fail(Exception cause) => _completion.SetException(cause);
    }
}
