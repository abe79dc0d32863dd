using ControlZero.Client.Transport;

namespace ControlZero.Client;

/// <summary>
/// Questions, settlements and cancellations over one open stream to one server: what a call costs by itself is saved. Each is answered by itself, in any order,
/// and comes to what the call of the same name of <see cref="ControlZeroClient"/> would come to, in the same time. Safe for concurrent use. When the stream breaks, what was under
/// way and what comes later is asked by single calls, with the same request ids; open another one when <see cref="IsOpen"/> says no.
/// </summary>
public sealed class EnforceStream : IAsyncDisposable
{
    private readonly ControlZeroClient _client;
    private readonly StreamExchange _exchange;
    private volatile bool _isDisposed;

    internal EnforceStream(ControlZeroClient client, StreamExchange exchange) => (_client, _exchange) = (client, exchange);

    /// <summary>Whether messages still go over the stream.</summary>
    public bool IsOpen => !_isDisposed && !_exchange.IsOver;

    /// <summary>Asks, and returns the answer whatever it is, as <see cref="ControlZeroClient.CheckAsync"/>.</summary>
    /// <param name="query">The question.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, and not the stream.</param>
    /// <returns>The decision; one the client made itself when none arrived.</returns>
    /// <exception cref="ControlZeroException">The question or the key is wrong; the agent must not act.</exception>
    /// <exception cref="ArgumentException">The context holds a value that cannot be sent.</exception>
    public Task<EnforceDecision> CheckAsync(EnforceQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return _client.CheckOverAsync(query, Exchange(), cancellationToken);
    }

    /// <summary>Asks, and throws unless the agent may act, as <see cref="ControlZeroClient.EnforceAsync"/>.</summary>
    /// <param name="query">The question.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, and not the stream.</param>
    /// <returns>The decision, an allow.</returns>
    /// <exception cref="PolicyDeniedException">The agent may not act; the whole decision is in it.</exception>
    /// <exception cref="ControlZeroException">The question or the key is wrong; the agent must not act.</exception>
    /// <exception cref="ArgumentException">The context holds a value that cannot be sent.</exception>
    public async Task<EnforceDecision> EnforceAsync(EnforceQuery query, CancellationToken cancellationToken = default)
    {
        var decision = await CheckAsync(query, cancellationToken).ConfigureAwait(false);
        return decision.Allowed ? decision : throw new PolicyDeniedException(query, decision);
    }

    /// <summary>Says what a call really used, as <see cref="ControlZeroClient.SettleAsync"/>.</summary>
    /// <param name="settlement">Which call, and what it used.</param>
    /// <param name="cancellationToken">Ends the wait; it may have been settled all the same.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="ControlZeroException">
    /// There is no such reservation (NotFound), it was settled with other figures (AlreadyExists), the cluster cannot be reached, or the call is wrong.
    /// </exception>
    public Task<SettleOutcome> SettleAsync(Settlement settlement, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(settlement);
        return _client.SettleOverAsync(settlement, Exchange(), cancellationToken);
    }

    /// <summary>Gives back what was reserved for a call that was not made, as <see cref="ControlZeroClient.CancelAsync"/>.</summary>
    /// <param name="token">The token of <see cref="EnforceDecision.Reservation"/>.</param>
    /// <param name="agentId">The agent the reservation is for. Default: as in a question.</param>
    /// <param name="cancellationToken">Ends the wait; it may have been cancelled all the same.</param>
    /// <returns>What came of it.</returns>
    /// <exception cref="ControlZeroException">
    /// There is no such reservation (NotFound), it was settled (AlreadyExists), the cluster cannot be reached, or the call is wrong.
    /// </exception>
    public Task<SettleOutcome> CancelAsync(string token, string? agentId = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _client.CancelOverAsync(token, agentId, Exchange(), cancellationToken);
    }

    /// <summary>Sends nothing more, waits for the answers that are under way, at most the option Timeout, and closes the stream. The client stays open.</summary>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return _exchange.DisposeAsync();
    }

    private StreamExchange Exchange()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _exchange;
    }
}
