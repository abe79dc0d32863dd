using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Grains.Feed;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Agents;

/// <content>How an agent is deleted. Its quota record is not touched: an agent of the same id goes on with what was used.</content>
internal sealed partial class AgentGrain
{
    public async Task<DeleteAgentOutcome> DeleteAsync(long? expectedVersion, CancellationToken cancellationToken)
    {
        if (!IsRegistered)
        {
            if (_state.State.DeletedVersion > 0)
            {
                // The deletion that made it so may have failed on the way to the other silos.
                await _feed.AppendAsync(LastChange);
            }

            return new DeleteAgentOutcome(DeleteAgentStatus.NotRegistered, 0);
        }

        var version = _state.State.Version;
        if (expectedVersion is { } expected && expected != version)
        {
            return new DeleteAgentOutcome(DeleteAgentStatus.VersionConflict, version);
        }

        // A silo that is killed after its write leaves word of it. A forgotten activation that looked too early looks again after the second.
        await _feed.AppendAsync(Change.OfAgent(TenantId, _agent, version + 1));
        await WithdrawAsync();
        await SettleSaveAsync();
        await WriteAsync(new AgentState { DeletedVersion = version + 1, UpdatedAt = Clock.GetUtcNow() });
        await _feed.AppendAsync(LastChange);
        await ReleasePlaceAsync();
        return new DeleteAgentOutcome(DeleteAgentStatus.Done, version);
    }

    // Freed after the agent is gone: a crash in between costs a place, it never makes one. The agent is deleted whatever comes of it.
    private async Task ReleasePlaceAsync()
    {
        try
        {
            await Tenant.ReleaseAgentAsync(_agent, CancellationToken.None);
        }
        catch (Exception failure)
        {
            LogPlaceLost(failure);
        }
    }

    // Of a deleted agent no activation has the reservation any more: as one of an activation that is gone, it gives nothing back, and what was
    // used beyond is charged to the limits there are.
    private async Task<SettleOutcome> OfDeletedAsync(Func<AgentCell, Task<SettleOutcome>> end)
    {
        if (_state.State.DeletedVersion == 0)
        {
            return new SettleOutcome { Status = SettleStatus.NotFound };
        }

        var account = new AgentCell(_cells, _agent, _slot, AgentTraits.None, _noticed);
        try
        {
            return await end(account);
        }
        finally
        {
            await CloseQuotaAsync(account);
        }
    }

    [LoggerMessage(EventId = 2105, Level = LogLevel.Warning, Message = "An agent was deleted and its place could not be given back; its tenant has room for one agent less")]
    private partial void LogPlaceLost(Exception failure);
}
