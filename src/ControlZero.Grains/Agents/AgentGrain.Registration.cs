using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;

namespace ControlZero.Grains.Agents;

/// <content>How an agent comes to be registered, and what is known of it.</content>
internal sealed partial class AgentGrain
{
    private static readonly Decision UnknownDecision = new()
    {
        Effect = Effect.Deny,
        ReasonCode = ReasonCodes.AgentUnknown,
        RuleId = SyntheticRules.AgentUnknown,
        Reason = "the agent is not registered; register it with PutAgent",
    };

    private static readonly Decision NoRoomDecision = UnknownDecision with
    {
        Reason = "the agent is not registered and its tenant has as many agents as it may have; raise max_agents or register fewer",
    };

    public async Task<PutAgentOutcome> PutAsync(PutAgentCommand command, CancellationToken cancellationToken)
    {
        if (command.ExpectedVersion is { } expected && expected != _state.State.Version)
        {
            return new PutAgentOutcome(PutAgentStatus.VersionConflict, Describe());
        }

        if (!IsRegistered && !await Tenant.AdmitAgentAsync(_agent, cancellationToken))
        {
            return new PutAgentOutcome(PutAgentStatus.NoRoom, null);
        }

        var isNew = _state.State.LastChange == 0;
        await RegisterAsync(command.Labels, command.Limits);
        if (!isNew)
        {
            // Nothing remembers an agent that was not there. Of one that was, another silo may hold a forgotten activation.
            await _feed.AppendAsync(LastChange);
        }

        return new PutAgentOutcome(PutAgentStatus.Done, Describe());
    }

    private Change LastChange => Change.OfAgent(TenantId, _agent, _state.State.LastChange);

    public Task<AgentDescription?> GetAsync(CancellationToken cancellationToken) => Task.FromResult(Describe());

    private ITenantGrain Tenant => GrainFactory.GetGrain<ITenantGrain>(GrainKeys.Of(TenantId));

    private async Task RegisterOnFirstUseAsync(TenantSnapshot snapshot)
    {
        if (snapshot.Manifest.Settings.UnknownAgents == UnknownAgents.Allow
            && await Tenant.AdmitAgentAsync(_agent, CancellationToken.None))
        {
            await RegisterAsync(ImmutableSortedDictionary<string, string>.Empty, default);
        }
    }

    // Limits that are default stay as they are.
    private async Task RegisterAsync(ImmutableSortedDictionary<string, string> labels, ImmutableArray<AgentLimit> limits)
    {
        await SettleSaveAsync();
        var now = Clock.GetUtcNow();
        await WriteAsync(WithUsage(_state.State, _cell?.Take() ?? default) with
        {
            SchemaVersion = AgentState.CurrentSchema,
            Version = _state.State.LastChange + 1,
            DeletedVersion = 0,
            Labels = labels,
            Limits = limits.IsDefault ? _state.State.Limits : limits.IsEmpty ? default : limits,
            CreatedAt = IsRegistered ? _state.State.CreatedAt : now,
            UpdatedAt = now,
        });

        // Stored before it is shown: until here decisions were made under the former labels and limits.
        ShowTraits();
    }

    private void ShowTraits()
    {
        if (_cell is not null)
        {
            _cell.Change(AgentTraits.Of(_state.State));
        }
        else if (IsRegistered)
        {
            Publish();
        }
    }

    // INVARIANT: when it returns, nothing is decided for a registered agent any more, and what was at hand of its limits is given back.
    private async Task WithdrawAsync()
    {
        _cell?.Retract();
        await CloseQuotaAsync();
        _cell = null;
    }

    private async Task WriteAsync(AgentState state)
    {
        _state.State = state;
        try
        {
            await this.WriteOrDeactivateAsync(_state);
        }
        catch
        {
            LetGo();
            throw;
        }
    }

    // INVARIANT: from here on nothing is decided by what this activation holds, and nothing of it is written.
    private void LetGo()
    {
        _stateIsUncertain = true;
        _cell?.Retract();
    }

    private void GiveUp()
    {
        LetGo();
        DeactivateOnIdle();
    }

    private void Publish()
    {
        _cell = new AgentCell(_cells, _agent, _slot, AgentTraits.Of(_state.State), _noticed);
        _cells.Publish(_cell);
    }

    private AgentDescription? Describe() => _state.State.Describe(_agent);
}
