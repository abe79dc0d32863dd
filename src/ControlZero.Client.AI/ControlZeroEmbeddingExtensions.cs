using ControlZero.Client.AI.Enforcement;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI;

/// <summary>Puts the question into embedding pipelines of Microsoft.Extensions.AI.</summary>
public static class ControlZeroEmbeddingExtensions
{
    /// <summary>Asks before every embedding request. Put it last, nearest to the provider.</summary>
    /// <typeparam name="TInput">What embeddings are made of.</typeparam>
    /// <typeparam name="TEmbedding">The embeddings.</typeparam>
    /// <param name="builder">The pipeline.</param>
    /// <param name="agentId">The agent that acts. Default: the client's own.</param>
    /// <param name="configure">Sets further options. Default: none.</param>
    /// <param name="client">Asks. Default: the one of the services (<c>AddControlZeroClient</c>).</param>
    /// <returns>The same pipeline. Building it throws <see cref="InvalidOperationException"/> when it is in the wrong place or twice in it.</returns>
    public static EmbeddingGeneratorBuilder<TInput, TEmbedding> UseControlZero<TInput, TEmbedding>(
        this EmbeddingGeneratorBuilder<TInput, TEmbedding> builder,
        string? agentId = null,
        Action<ControlZeroAIOptions>? configure = null,
        ControlZeroClient? client = null)
        where TEmbedding : Embedding
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) =>
            new ControlZeroEmbeddingGenerator<TInput, TEmbedding>(inner, Gate.Of(client, services, agentId, configure)));
    }
}
