using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Quotas;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Agents;

/// <content>
/// Limits: what a decision on the cell cannot do without waiting. Units are granted by the cell alone, from what was confirmed to it.
/// </content>
internal sealed partial class AgentGrain
{
    // How often units are reserved for requests that others, on the cell, take away before they are decided.
    private const int UnitsAttempts = 32;

    public Task<SettleOutcome> SettleAsync(SettleCommand command) =>
        EndAsync(command.Token, async (cell, token) => await cell.SettleAsync(token, command, await LimitsAsync()));

    public Task<SettleOutcome> CancelAsync(string token) =>
        EndAsync(token, async (cell, read) => await cell.CancelAsync(read, await LimitsAsync()));

    public async Task<AdjustOutcome> AdjustAsync(AdjustCommand command)
    {
        if (_cell is not { } cell)
        {
            return new AdjustOutcome(IsRegistered: false);
        }

        var limit = (await LimitsAsync()).FirstOrDefault(limit => limit.Key.Policy == command.Policy && limit.Key.Name == command.Limit);
        if (limit is null)
        {
            return new AdjustOutcome(IsRegistered: true);
        }

        if (command.OwnOnly && limit.Scope == QuotaScope.Tenant)
        {
            return new AdjustOutcome(IsRegistered: true, IsShared: true);
        }

        var now = Clock.GetUtcNow();
        var windowEnds = limit.Window?.At(now).End ?? now + LongestAdjustment;
        var expires = command.ExpiresIn is { } time && now + time < windowEnds ? now + time : windowEnds;
        var adjustment = new QuotaAdjustment(command.RequestId, command.Delta, command.Reason, expires, command.By);
        var isReplay = await cell.AdjustAsync(limit, adjustment);
        var standing = (await cell.StandingsAsync([limit]))[0];
        return new AdjustOutcome(IsRegistered: true, standing, expires, isReplay);
    }

    // An adjustment of calls in flight has no window to end with.
    private static readonly TimeSpan LongestAdjustment = TimeSpan.FromDays(366);

    private async Task<SettleOutcome> EndAsync(string text, Func<AgentCell, ReservationToken, Task<SettleOutcome>> end)
    {
        if (ReservationToken.TryRead(text) is not { } token)
        {
            return new SettleOutcome { Status = SettleStatus.NotFound };
        }

        return _cell is { } cell ? await end(cell, token) : await OfDeletedAsync(account => end(account, token));
    }

    // Null: what the decisions rest on has changed in the meantime.
    private async ValueTask<ImmutableArray<Authorization>?> DecideOnUnitsAsync(ImmutableArray<AuthorizeRequest> requests)
    {
        var needsUnits = true;
        for (var attempt = 0; attempt < UnitsAttempts && needsUnits; attempt++)
        {
            var isLastWord = false;
            try
            {
                await _cell!.ReserveAsync(requests);
            }
            catch (QuotaUnavailableException failure)
            {
                LogNoUnits(failure);
                isLastWord = true;
            }

            if (_cell!.DecideAsItIs(requests, isLastWord, out needsUnits) is { } decided)
            {
                return decided;
            }
        }

        return null;
    }

    private async ValueTask<ImmutableArray<QuotaLimit>> LimitsAsync()
    {
        var snapshot = _slot.Current ?? await LoadAsync(minEpoch: 0);
        return CellBasis.Of(_agent, snapshot, Traits).Limits;
    }

    private Task CloseQuotaAsync() => _cell is { } cell ? CloseQuotaAsync(cell) : Task.CompletedTask;

    private async Task CloseQuotaAsync(AgentCell cell)
    {
        try
        {
            await cell.CloseQuotaAsync();
        }
        catch (QuotaUnavailableException failure)
        {
            LogUnitsNotReturned(failure);
        }
    }

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "Units of an agent's limits could not be given back; they are lost until their window ends")]
    private partial void LogUnitsNotReturned(Exception failure);

    [LoggerMessage(EventId = 2104, Level = LogLevel.Warning, Message = "No units could be reserved for an agent; its calls are denied with STATE_UNAVAILABLE")]
    private partial void LogNoUnits(Exception failure);
}
