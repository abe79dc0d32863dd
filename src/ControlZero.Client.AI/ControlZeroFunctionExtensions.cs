using ControlZero.Client.AI.Enforcement;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI;

/// <summary>Wraps functions.</summary>
public static class ControlZeroFunctionExtensions
{
    /// <summary>
    /// A function that asks, each time it is called, whether the agent may call it. <c>UseFunctionInvocation</c> makes what a function throws
    /// into a text for the model; take <see cref="DeniedFunction.TellModel"/> there, or <c>UseControlZeroFunctions</c>.
    /// </summary>
    /// <param name="function">What runs when it is allowed. It is not changed.</param>
    /// <param name="client">Asks.</param>
    /// <param name="agentId">The agent that acts. Default: the client's own.</param>
    /// <param name="configure">Sets further options. Default: none.</param>
    /// <returns>The function to give to the model.</returns>
    /// <exception cref="InvalidOperationException">The function asks already.</exception>
    public static ControlZeroFunction WithControlZero(
        this AIFunction function, ControlZeroClient client, string? agentId = null, Action<ControlZeroAIOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new ControlZeroFunction(function, new Gate(client, agentId, configure), null);
    }
}
