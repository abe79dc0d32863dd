using System.Diagnostics.CodeAnalysis;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Quotas;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Quotas;

/// <summary>
/// An account and its record in storage. Decisions charge the account under its lock, on any thread; here its writes are made, one at a time, and
/// never under the lock.
/// </summary>
/// <param name="account">The account.</param>
/// <param name="gate">The lock it is charged under.</param>
/// <param name="store">Where the record is.</param>
/// <param name="record">Which record.</param>
/// <param name="clock">The clock decisions are made by.</param>
/// <param name="logger">Where it is said when a record cannot be written.</param>
[SuppressMessage("Design", "CA1001", Justification = "the semaphore's wait handle is never asked for, so there is nothing to dispose of")]
internal sealed partial class QuotaLedger(QuotaAccount account, Lock gate, QuotaStore store, GrainId record, TimeProvider clock, ILogger logger)
{
    // The same write is made so many times before whoever waits is told that storage does not answer.
    private const int Attempts = 3;

    // After a failure nobody waits for storage: the next one who needs it finds out.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _turn = new(1);
    private DateTimeOffset _silentUntil;
    private int _toppingUp;

    /// <summary>Reads the record, unless it was read before.</summary>
    /// <exception cref="QuotaUnavailableException">Storage does not answer.</exception>
    public Task LoadAsync() => InTurnAsync(async () =>
    {
        if (!IsLoaded())
        {
            await ReadAsync();
        }
    });

    /// <summary>Reads the record again: others may have given units back.</summary>
    /// <inheritdoc cref="LoadAsync"/>
    public Task RefreshAsync() => InTurnAsync(() => IsPending() ? MakeAsync(account.Pending!) : ReadAsync());

    /// <summary>Makes the writes that are planned, until none is. The plan is asked for under the lock.</summary>
    /// <inheritdoc cref="LoadAsync"/>
    public Task WriteAsync(Func<QuotaWrite?> plan) => InTurnAsync(async () =>
    {
        while (true)
        {
            QuotaWrite? write;
            lock (gate)
            {
                write = plan();
            }

            if (write is null)
            {
                return;
            }

            await MakeAsync(write);
        }
    });

    /// <summary>Tops up what is running out, in the background; once at a time however often it is asked for.</summary>
    public void TopUpSoon()
    {
        if (Interlocked.CompareExchange(ref _toppingUp, 1, 0) == 0)
        {
            _ = TopUpAsync();
        }
    }

    private async Task TopUpAsync()
    {
        // Off the thread of the decision that noticed, and off the scheduler of any grain.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await WriteAsync(() => account.IsLow ? account.Plan([], clock.GetUtcNow()) : null);
        }
        catch (Exception failure)
        {
            // Whoever needs the units will wait for them, and be told.
            LogNotToppedUp(failure);
        }
        finally
        {
            Volatile.Write(ref _toppingUp, 0);
        }
    }

    private async Task InTurnAsync(Func<Task> work)
    {
        await _turn.WaitAsync();
        try
        {
            if (clock.GetUtcNow() < _silentUntil)
            {
                throw new QuotaUnavailableException("storage did not answer a moment ago");
            }

            await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task MakeAsync(QuotaWrite write)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                var etag = await store.WriteAsync(record, write);
                lock (gate)
                {
                    account.Applied(etag);
                }

                return;
            }
            catch (Exception failure)
            {
                LogNotConfirmed(failure);
            }

            // INVARIANT: also after a conflict. It may be with this very write, whose first answer was lost.
            if (await ReadBackAsync() != WriteOutcome.Open)
            {
                return;
            }
        }

        throw Unavailable(null);
    }

    private async Task<WriteOutcome> ReadBackAsync()
    {
        var (found, etag) = await ReadRecordAsync();
        lock (gate)
        {
            return account.ReadBack(found, etag);
        }
    }

    private async Task ReadAsync()
    {
        var (found, etag) = await ReadRecordAsync();
        lock (gate)
        {
            account.Load(found, etag);
        }
    }

    private async Task<(QuotaRecord? Record, string? ETag)> ReadRecordAsync()
    {
        try
        {
            return await store.ReadAsync(record);
        }
        catch (Exception failure)
        {
            throw Unavailable(failure);
        }
    }

    private QuotaUnavailableException Unavailable(Exception? failure)
    {
        _silentUntil = clock.GetUtcNow() + Pause;
        return new QuotaUnavailableException("storage does not answer", failure!);
    }

    private bool IsLoaded()
    {
        lock (gate)
        {
            return account.IsLoaded;
        }
    }

    private bool IsPending()
    {
        lock (gate)
        {
            return account.Pending is not null;
        }
    }

    [LoggerMessage(EventId = 2301, Level = LogLevel.Warning, Message = "A write of a quota record was not confirmed; the record is read to find out")]
    private partial void LogNotConfirmed(Exception failure);

    [LoggerMessage(EventId = 2302, Level = LogLevel.Warning, Message = "A quota block could not be topped up ahead of its end")]
    private partial void LogNotToppedUp(Exception failure);
}
