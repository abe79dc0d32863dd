using System.Diagnostics;
using Npgsql;

namespace ControlZero.Storage.Tests.Postgres;

/// <summary>Two transactions, each with one statement, of which the first commits only when the second has done all it can before that.</summary>
internal static class HeldOpen
{
    /// <summary>Runs both and returns the first column of what each gave back.</summary>
    public static async Task<(IReadOnlyList<object> First, IReadOnlyList<object> Second)> RunAsync(
        NpgsqlDataSource database, Func<NpgsqlCommand> first, Func<NpgsqlCommand> second)
    {
        await using var one = await database.OpenConnectionAsync();
        await using var other = await database.OpenConnectionAsync();
        await using var oneTransaction = await one.BeginTransactionAsync();
        await using var otherTransaction = await other.BeginTransactionAsync();

        var fromFirst = await ReadAsync(one, first());
        var running = ReadAsync(other, second());
        await UntilItWaitsOrEndsAsync(database, other.ProcessID, running);
        await oneTransaction.CommitAsync();
        var fromSecond = await running;
        await otherTransaction.CommitAsync();
        return (fromFirst, fromSecond);
    }

    private static async Task UntilItWaitsOrEndsAsync(NpgsqlDataSource database, int process, Task running)
    {
        var watch = Stopwatch.StartNew();
        await using var look = database.CreateCommand("SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)");
        look.Parameters.Add(new NpgsqlParameter { Value = process });
        while (!running.IsCompleted && !(bool)(await look.ExecuteScalarAsync())!)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(2), "the second statement neither ended nor waited for a lock");
        }
    }

    private static async Task<IReadOnlyList<object>> ReadAsync(NpgsqlConnection connection, NpgsqlCommand command)
    {
        await using (command)
        {
            command.Connection = connection;
            var rows = new List<object>();
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                rows.Add(reader.GetValue(0));
            }

            return rows;
        }
    }
}
