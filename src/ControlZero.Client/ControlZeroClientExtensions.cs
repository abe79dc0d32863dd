namespace ControlZero.Client;

/// <summary>Short forms of the questions.</summary>
public static class ControlZeroClientExtensions
{
    /// <summary>Asks for the client's own agent, and returns the answer whatever it is.</summary>
    /// <param name="client">The client.</param>
    /// <param name="action">What the agent wants to do, for example <c>llm.generate</c>.</param>
    /// <param name="resource">What it wants to do it with. Default: nothing in particular.</param>
    /// <param name="cancellationToken">Ends the call; then there is no answer.</param>
    /// <returns>The decision; one the client made itself when none arrived.</returns>
    /// <exception cref="ControlZeroException">The question or the key is wrong; the agent must not act.</exception>
    public static Task<EnforceDecision> CheckAsync(
        this ControlZeroClient client, string action, string? resource = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.CheckAsync(new EnforceQuery { Action = action, Resource = resource }, cancellationToken);
    }

    /// <summary>Asks for the client's own agent, and throws unless it may act.</summary>
    /// <param name="client">The client.</param>
    /// <param name="action">What the agent wants to do, for example <c>llm.generate</c>.</param>
    /// <param name="resource">What it wants to do it with. Default: nothing in particular.</param>
    /// <param name="cancellationToken">Ends the call; then there is no answer.</param>
    /// <returns>The decision, an allow.</returns>
    /// <exception cref="PolicyDeniedException">The agent may not act; the whole decision is in it.</exception>
    /// <exception cref="ControlZeroException">The question or the key is wrong; the agent must not act.</exception>
    public static Task<EnforceDecision> EnforceAsync(
        this ControlZeroClient client, string action, string? resource = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.EnforceAsync(new EnforceQuery { Action = action, Resource = resource }, cancellationToken);
    }
}
