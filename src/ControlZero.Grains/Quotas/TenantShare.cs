using ControlZero.Engine.Quotas;
using ControlZero.Grains.Feed;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Quotas;

/// <summary>
/// What this silo has at hand of a tenant's shared limits: an account of its own with the tenant's record, as an agent has with his. The silo's
/// agents take units from it within their decisions, without a message.
/// </summary>
internal sealed class TenantShare
{
    // How long nobody looks again whether an exhausted limit really is.
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);

    private readonly Coalesced<bool> _recovering;
    private readonly TimeProvider _clock;
    private readonly Func<Task> _recallOthers;
    private long _recoveredAt;

    public TenantShare(QuotaStore store, GrainId record, TimeProvider clock, Func<Task> recallOthers, ILogger logger)
    {
        _clock = clock;
        _recallOthers = recallOthers;
        _recoveredAt = long.MinValue;
        _recovering = new Coalesced<bool>(TryRecoverAsync);
        Ledger = new QuotaLedger(Account, Gate, store, record, clock, logger);
    }

    /// <summary>Held while the account is used. Taken within the lock of an agent's cell, never around one.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The account.</summary>
    public QuotaAccount Account { get; } = new(Guid.NewGuid());

    /// <summary>Its record.</summary>
    public QuotaLedger Ledger { get; }

    /// <summary>True: others may have units at hand, and were not asked for a while.</summary>
    public bool MayRecover => _clock.GetUtcNow().UtcTicks - Volatile.Read(ref _recoveredAt) is var since && (since < 0 || since >= Remembered.Ticks);

    /// <summary>Has the other silos give back what they do not use, and looks at what is left.</summary>
    public Task RecoverAsync() => _recovering.RunAsync();

    /// <summary>Gives back what is at hand: others have none.</summary>
    public Task GiveBackAsync()
    {
        var isPutBack = false;
        return Ledger.WriteAsync(() =>
        {
            if (!Account.IsLoaded || Account.Pending is not null)
            {
                return Account.Pending;
            }

            // Put back once: what decisions take in the meantime is theirs. Written until nobody else is faster.
            var now = _clock.GetUtcNow();
            if (!isPutBack)
            {
                isPutBack = true;
                return Account.PlanRecall(now);
            }

            return Account.IsReturning ? Account.Plan([], now) : null;
        });
    }

    /// <summary>Gives back what is at hand, for good.</summary>
    public Task CloseAsync() => Ledger.WriteAsync(() => Account.IsLoaded ? Account.PlanReturn(_clock.GetUtcNow()) : null);

    private async Task<bool> TryRecoverAsync()
    {
        // Who waited for another's look has seen what it found.
        if (!MayRecover)
        {
            return false;
        }

        await _recallOthers();
        await Ledger.RefreshAsync();
        Volatile.Write(ref _recoveredAt, _clock.GetUtcNow().UtcTicks);
        return true;
    }
}
