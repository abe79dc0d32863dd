using ControlZero.Client.AI.Enforcement;
using ControlZero.Client.AI.Requests;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI;

/// <summary>
/// Asks before every embedding request whether the agent may use its models. A deny throws <see cref="PolicyDeniedException"/>; nothing is sent.
/// Made by <see cref="ControlZeroEmbeddingExtensions.UseControlZero"/>.
/// </summary>
/// <typeparam name="TInput">What embeddings are made of.</typeparam>
/// <typeparam name="TEmbedding">The embeddings.</typeparam>
public sealed class ControlZeroEmbeddingGenerator<TInput, TEmbedding> : DelegatingEmbeddingGenerator<TInput, TEmbedding>
    where TEmbedding : Embedding
{
    private const string Remedy = "set ModelId of the EmbeddingGenerationOptions, or a default model where the provider's generator is made";

    private readonly Gate _gate;

    internal ControlZeroEmbeddingGenerator(IEmbeddingGenerator<TInput, TEmbedding> innerGenerator, Gate gate)
        : base(innerGenerator)
    {
        PipelineOrder.RefuseInside<ControlZeroEmbeddingGenerator<TInput, TEmbedding>>(
            innerGenerator, "it is in this pipeline twice, and would ask and count twice; remove one UseControlZero");
        PipelineOrder.RefuseInside<ConfigureOptionsEmbeddingGenerator<TInput, TEmbedding>>(
            innerGenerator, "it stands before ConfigureOptions, which could change the model after it was asked for; put UseControlZero last");
        _gate = gate;
    }

    /// <inheritdoc/>
    /// <exception cref="PolicyDeniedException">The agent may not use a model of the request.</exception>
    /// <exception cref="ControlZeroException">The request names no model, or names them so that they cannot be read; or the question or the key is wrong.</exception>
    public override async Task<GeneratedEmbeddings<TEmbedding>> GenerateAsync(
        IEnumerable<TInput> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var factory = options?.RawRepresentationFactory;
        var models = RequestedModels.Of(
            options?.ModelId,
            [RawRequest.Read(options?.AdditionalProperties), RawRequest.Read(factory?.Invoke(InnerGenerator), _gate.Settings)],
            this.GetService<EmbeddingGeneratorMetadata>()?.DefaultModelId,
            Remedy);
        var governed = options?.Clone() ?? new EmbeddingGenerationOptions();
        governed.ModelId = models.Names[0];
        governed.RawRepresentationFactory = factory is null ? null : generator => RawRequest.Checked(factory(generator), models, _gate.Settings);
        TInput[] sent = [.. values];
        var call = await _gate.ReserveEmbedAsync(models, () => Estimates.OfEmbedding(sent), cancellationToken).ConfigureAwait(false);
        var embeddings = await call.RunAsync(
            async () => await InnerGenerator.GenerateAsync(sent, governed, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        call.See(embeddings.Usage, embeddings.Count > 0 ? embeddings[0].ModelId : null);
        call.End(isEmbedding: true);
        return embeddings;
    }
}
