using ControlZero.Client.AI.Enforcement;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI;

/// <summary>Puts the question into chat pipelines of Microsoft.Extensions.AI.</summary>
public static class ControlZeroChatExtensions
{
    /// <summary>
    /// Asks before every chat request, and before every function the model wants called. Put it last, nearest to the provider:
    /// what stands further in could send what nobody asked about.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="agentId">The agent that acts. Default: the client's own.</param>
    /// <param name="configure">Sets further options. Default: none.</param>
    /// <param name="client">Asks. Default: the one of the services (<c>AddControlZeroClient</c>).</param>
    /// <returns>The same pipeline. Building it throws <see cref="InvalidOperationException"/> when it is in the wrong place or twice in it.</returns>
    public static ChatClientBuilder UseControlZero(
        this ChatClientBuilder builder, string? agentId = null, Action<ControlZeroAIOptions>? configure = null, ControlZeroClient? client = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) => new ControlZeroChatClient(inner, Gate.Of(client, services, agentId, configure)));
    }

    /// <summary>
    /// Lets every function of a request ask for itself at the moment it is called, for pipelines that hand a deny to the model
    /// (<see cref="ControlZeroAIOptions.DeniedFunction"/>) or run functions after a person approved them. Put it before <c>UseFunctionInvocation</c>.
    /// It does not ask about models: <see cref="UseControlZero"/> does.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="agentId">The agent that acts. Default: the client's own.</param>
    /// <param name="configure">Sets further options. Default: none.</param>
    /// <param name="client">Asks. Default: the one of the services (<c>AddControlZeroClient</c>).</param>
    /// <returns>The same pipeline. Building it throws <see cref="InvalidOperationException"/> when it is in the wrong place or twice in it.</returns>
    public static ChatClientBuilder UseControlZeroFunctions(
        this ChatClientBuilder builder, string? agentId = null, Action<ControlZeroAIOptions>? configure = null, ControlZeroClient? client = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) => new GovernedFunctionsChatClient(inner, Gate.Of(client, services, agentId, configure)));
    }
}
