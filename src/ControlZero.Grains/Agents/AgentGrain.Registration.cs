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

        var isNew = !IsRegistered;
        await RegisterAsync(command.Labels);
        if (!isNew)
        {
            // Nothing remembers an agent that was not there. Of one that was, another silo may hold a forgotten activation.
            await _feed.AppendAsync(Change.OfAgent(_tenant, _agent, _state.State.Version));
        }

        return new PutAgentOutcome(PutAgentStatus.Done, Describe());
    }

    public Task<AgentDescription?> GetAsync(CancellationToken cancellationToken) => Task.FromResult(Describe());

    private ITenantGrain Tenant => GrainFactory.GetGrain<ITenantGrain>(GrainKeys.Of(_tenant));

    private async Task RegisterOnFirstUseAsync(TenantSnapshot snapshot)
    {
        if (snapshot.Manifest.Settings.UnknownAgents == UnknownAgents.Allow
            && await Tenant.AdmitAgentAsync(_agent, CancellationToken.None))
        {
            await RegisterAsync(ImmutableSortedDictionary<string, string>.Empty);
        }
    }

    private async Task RegisterAsync(ImmutableSortedDictionary<string, string> labels)
    {
        await SettleSaveAsync();
        var now = _clock.GetUtcNow();
        await WriteAsync(WithUsage(_state.State, _cell?.Take() ?? default) with
        {
            Version = _state.State.Version + 1,
            Labels = labels,
            CreatedAt = IsRegistered ? _state.State.CreatedAt : now,
            UpdatedAt = now,
        });

        // Stored before it is shown: until here decisions were made under the former labels.
        ShowLabels();
    }

    private void ShowLabels()
    {
        if (_cell is not null)
        {
            _cell.Relabel(_state.State.Labels);
        }
        else if (IsRegistered)
        {
            Publish();
        }
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

    private void Publish()
    {
        _cell = new AgentCell(_cells, _tenant, _agent, _slot, _state.State.Labels, _noticed);
        _cells.Publish(_cell);
    }

    private AgentDescription? Describe() => !IsRegistered ? null : new AgentDescription
    {
        Agent = _agent,
        Labels = _state.State.Labels,
        Version = _state.State.Version,
        CreatedAt = _state.State.CreatedAt,
        UpdatedAt = _state.State.UpdatedAt,
    };
}
