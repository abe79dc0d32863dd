using ControlZero.Abstractions.Agents;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Agents;

/// <content>
/// The plain counters. They are for people to look at: kept in memory, written some seconds after a change and on every orderly end,
/// so that a killed silo loses the last seconds. Quotas, which must lose nothing, do not rest on them.
/// </content>
internal sealed partial class AgentGrain
{
    private static readonly TimeSpan SaveAfter = TimeSpan.FromSeconds(10);

    private long _allowed;
    private long _denied;
    private DateTimeOffset? _lastDecisionAt;
    private IGrainTimer? _save;

    public Task<AgentUsage?> GetUsageAsync(CancellationToken cancellationToken) => Task.FromResult(!IsRegistered
        ? null
        : new AgentUsage(
            _agent,
            _state.State.Allowed + _allowed,
            _state.State.Denied + _denied,
            _lastDecisionAt ?? _state.State.LastDecisionAt));

    private void Count(bool allowed, DateTimeOffset now)
    {
        if (allowed)
        {
            _allowed++;
        }
        else
        {
            _denied++;
        }

        _lastDecisionAt = now;
        _save ??= this.RegisterGrainTimer(SaveUsageAsync, new GrainTimerCreationOptions(SaveAfter, Timeout.InfiniteTimeSpan));
    }

    private async Task SaveUsageAsync()
    {
        _save?.Dispose();
        _save = null;
        if (_allowed + _denied == 0 || !IsRegistered)
        {
            return;
        }

        try
        {
            _state.State = WithUsage(_state.State);
            await _state.WriteStateAsync();
        }
        catch (Exception failure)
        {
            LogUsageNotSaved(failure);
            DeactivateOnIdle();
        }
    }

    // Moves what was counted into the state: from then on it is the state's to keep.
    private AgentState WithUsage(AgentState state)
    {
        var counted = state with
        {
            Allowed = state.Allowed + _allowed,
            Denied = state.Denied + _denied,
            LastDecisionAt = _lastDecisionAt ?? state.LastDecisionAt,
        };
        _allowed = 0;
        _denied = 0;
        return counted;
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "The usage counters of an agent could not be saved; the last seconds of them are lost")]
    private partial void LogUsageNotSaved(Exception failure);
}
