using System.ClientModel.Primitives;

namespace ControlZero.Client.AI;

/// <summary>Puts the question into the pipelines of the OpenAI package.</summary>
public static class ControlZeroPipelineExtensions
{
    /// <summary>
    /// Asks before every chat completion, completion, response and embedding request of the clients made with these options. It stands right before the
    /// transport, so that it reads what is really sent. A pipeline that already has <c>UseControlZero</c> asks twice: take one of the two.
    /// </summary>
    /// <typeparam name="TOptions">The options: <c>OpenAIClientOptions</c>, or others on System.ClientModel.</typeparam>
    /// <param name="options">The options of the client to be made.</param>
    /// <param name="client">Asks.</param>
    /// <param name="agentId">The agent that acts. Default: the client's own.</param>
    /// <param name="configure">Sets further options. Default: none.</param>
    /// <returns>The same options.</returns>
    public static TOptions AddControlZero<TOptions>(
        this TOptions options, ControlZeroClient client, string? agentId = null, Action<ControlZeroAIOptions>? configure = null)
        where TOptions : ClientPipelineOptions
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AddPolicy(new ControlZeroPipelinePolicy(client, agentId, configure), PipelinePosition.BeforeTransport);
        return options;
    }
}
