using System.Collections.Concurrent;
using ControlZero.Client.Enforcement;
using ControlZero.Client.Routing;
using ControlZero.Client.Transport;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Client;

public sealed partial class ControlZeroClient
{
    private readonly ConcurrentDictionary<Task, bool> _endings = new();

    /// <summary>
    /// Says what a call really used: the difference to what was reserved is given back or charged, once. It may be said again, and
    /// at any address. A reservation that nobody settles ends at its charge.
    /// </summary>
    /// <param name="settlement">Which call, and what it used.</param>
    /// <param name="cancellationToken">Ends the call; it may have been settled all the same.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="ControlZeroException">
    /// There is no such reservation (NotFound), it was settled with other figures (AlreadyExists), the cluster cannot be reached, or the call is wrong.
    /// </exception>
    public Task<SettleOutcome> SettleAsync(Settlement settlement, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(settlement);
        return SettleOverAsync(settlement, stream: null, cancellationToken);
    }

    /// <summary>Gives back what was reserved for a call that was not made.</summary>
    /// <param name="token">The token of <see cref="EnforceDecision.Reservation"/>.</param>
    /// <param name="agentId">The agent the reservation is for. Default: as in a question.</param>
    /// <param name="cancellationToken">Ends the call; it may have been cancelled all the same.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="ControlZeroException">
    /// There is no such reservation (NotFound), it was settled (AlreadyExists), the cluster cannot be reached, or the call is wrong.
    /// </exception>
    public Task<SettleOutcome> CancelAsync(string token, string? agentId = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        return CancelOverAsync(token, agentId, stream: null, cancellationToken);
    }

    /// <summary>What the agent may use now, and how much is left of each limit. Counts nothing.</summary>
    /// <param name="query">Whose access, and to what. Default: the client's own agent, and every model that is known.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>One page of it.</returns>
    /// <exception cref="ControlZeroException">The cluster cannot be reached, or the query or the key is wrong.</exception>
    public async Task<AgentAccess> GetAccessAsync(AccessQuery? query = null, CancellationToken cancellationToken = default)
    {
        var asked = query ?? new AccessQuery();
        return LimitMapping.ToAccess(await AskAsync(
            asked.AgentId,
            (endpoint, agent, options) => endpoint.Enforcement.GetAccessAsync(LimitMapping.ToAccess(asked, agent), options),
            cancellationToken).ConfigureAwait(false));
    }

    /// <summary>What the agent has been answered so far, and its limits with what is left of them.</summary>
    /// <param name="agentId">The agent. Default: as in a question.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its counts and limits.</returns>
    /// <exception cref="ControlZeroException">There is no such agent (NotFound), the cluster cannot be reached, or the key is wrong.</exception>
    public async Task<AgentUsage> GetUsageAsync(string? agentId = null, CancellationToken cancellationToken = default) =>
        LimitMapping.ToUsage(await AskAsync(
            agentId,
            (endpoint, agent, options) => endpoint.Agents.GetUsageAsync(new GetUsageRequest { AgentId = agent }, options),
            cancellationToken).ConfigureAwait(false));

    /// <summary>An allow that the client makes a deny is not acted on: what it holds is given back, in the background.</summary>
    private EnforceDecision GiveBackUnused(EnforceDecision decision, string agentId)
    {
        if (decision is not { Source: DecisionSource.Client, Reservation: { } reservation })
        {
            return decision;
        }

        _ = CancelQuietlyAsync(reservation.Token, agentId);
        return decision with { Reservation = null };
    }

    // What cannot be given back stays charged until it expires: nobody waits for it, and the decision stands.
    private async Task CancelQuietlyAsync(string token, string agentId)
    {
        try
        {
            await CancelAsync(token, agentId).ConfigureAwait(false);
        }
        catch (ControlZeroException)
        {
        }
    }

    /// <summary>Ends a reservation. <see cref="DisposeAsync"/> waits for it.</summary>
    private async Task<SettleOutcome> EndAsync<TAnswer>(
        string? agentId,
        Func<string, CallBudget, Task<TAnswer?>> first,
        Func<Endpoint, string, CallOptions, AsyncUnaryCall<TAnswer>> send,
        Func<TAnswer, SettleOutcome> map,
        CancellationToken cancellationToken)
        where TAnswer : class
    {
        var ending = AskAsync(agentId, send, cancellationToken, first);
        _endings[ending] = true;
        try
        {
            return map(await ending.ConfigureAwait(false));
        }
        finally
        {
            _endings.TryRemove(ending, out _);
        }
    }

    private async Task<TAnswer> AskAsync<TAnswer>(
        string? agentId,
        Func<Endpoint, string, CallOptions, AsyncUnaryCall<TAnswer>> send,
        CancellationToken cancellationToken,
        Func<string, CallBudget, Task<TAnswer?>>? first = null)
        where TAnswer : class
    {
        using var budget = _calls.Begin(cancellationToken);
        var agent = !string.IsNullOrEmpty(agentId) ? agentId : await AgentAsync(budget).ConfigureAwait(false) ?? throw AgentBinding.NoAgent();
        return first is not null && await first(agent, budget).ConfigureAwait(false) is { } answer
            ? answer
            : await _calls.SendAsync(_endpoints.For(agent), (endpoint, options) => send(endpoint, agent, options), budget).ConfigureAwait(false);
    }
}
