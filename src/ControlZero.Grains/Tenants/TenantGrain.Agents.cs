using ControlZero.Abstractions.Agents;

namespace ControlZero.Grains.Tenants;

/// <content>How many agents the tenant has. Places are reserved in blocks, so that a crowd of newcomers does not cost a write each.</content>
internal sealed partial class TenantGrain
{
    private const long LargestBlock = 256;

    // A killed silo strands what was left of its block: never more than this share of the places that were free.
    private const long ShareOfRoom = 64;

    // INVARIANT: places of this activation alone, counted in the stored state before any of them is given away.
    private long _places;

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_places > 0)
        {
            await ChangeAsync(ReturnPlacesAsync, cancellationToken);
        }
    }

    public Task<bool> AdmitAgentAsync(AgentId agent, CancellationToken cancellationToken) => ChangeAsync(AdmitAsync, cancellationToken);

    private async Task<bool> ReturnPlacesAsync()
    {
        await CommitAsync(state.State with { AgentCount = state.State.AgentCount - _places });
        return true;
    }

    private async Task<bool> AdmitAsync()
    {
        if (_durable is null || (_places == 0 && !await ReservePlacesAsync(_durable.Settings.MaxAgents - state.State.AgentCount)))
        {
            return false;
        }

        // Taken before the agent is stored: a crash in between costs a place, it never makes one.
        _places--;
        return true;
    }

    public Task ReleaseAgentAsync(AgentId agent, CancellationToken cancellationToken) => ChangeAsync(ReleaseAsync, cancellationToken);

    // Written at once: kept for the next newcomers, the places of a thousand deleted agents would go with a killed silo.
    private async Task<bool> ReleaseAsync()
    {
        await CommitAsync(state.State with { AgentCount = state.State.AgentCount - 1 });
        return true;
    }

    private async Task<bool> ReservePlacesAsync(long room)
    {
        if (room <= 0)
        {
            return false;
        }

        var block = Math.Clamp(room / ShareOfRoom, 1, LargestBlock);
        await CommitAsync(state.State with { AgentCount = state.State.AgentCount + block });
        _places = block;
        return true;
    }
}
