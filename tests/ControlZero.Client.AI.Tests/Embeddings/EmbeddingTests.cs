using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Tests.Embeddings;

public sealed class EmbeddingTests : AITest
{
    [Fact]
    public async Task Generate_AllowedModel_ReachesTheProvider()
    {
        var embeddings = await Generator(Allowed).GenerateAsync(["text"]);

        Assert.Equal(2, Assert.Single(embeddings).Vector.Length);
        Assert.Equal([("embedding.generate", $"model/{Allowed}")], Asked);
        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public async Task Generate_DeniedModel_NeverReachesTheProvider()
    {
        await Assert.ThrowsAsync<PolicyDeniedException>(() => Generator(Denied).GenerateAsync(["text"]));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Generate_ModelOfTheOptions_IsAskedForAndSent()
    {
        var options = new EmbeddingGenerationOptions { ModelId = Allowed };

        await Generator(Denied).GenerateAsync(["text"], options);

        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public async Task Generate_ModelsOfAdditionalProperties_AreAskedForWhole()
    {
        var options = new EmbeddingGenerationOptions { AdditionalProperties = new() { ["models"] = new[] { Denied } } };

        await Assert.ThrowsAsync<PolicyDeniedException>(() => Generator(Allowed).GenerateAsync(["text"], options));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Generate_RawRequestThatCannotBeRead_IsRefused()
    {
        var options = new EmbeddingGenerationOptions { RawRepresentationFactory = _ => new OpenAI.Embeddings.EmbeddingGenerationOptions() };

        await Assert.ThrowsAsync<ControlZeroException>(() => Generator(Allowed).GenerateAsync(["text"], options));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Generate_DefaultModelFurtherIn_DoesNotReplaceTheOneAskedFor()
    {
        var inner = OpenAI().GetEmbeddingClient(Allowed).AsIEmbeddingGenerator();
        var generator = new EmbeddingGeneratorBuilder<string, Embedding<float>>(new DefaultModel(inner, Denied)).UseControlZero(client: ControlZero).Build();

        await generator.GenerateAsync(["text"]);

        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public void Build_BeforeConfigureOptions_IsRefused()
    {
        var inner = OpenAI().GetEmbeddingClient(Allowed).AsIEmbeddingGenerator();
        var builder = new EmbeddingGeneratorBuilder<string, Embedding<float>>(inner)
            .UseControlZero(client: ControlZero)
            .ConfigureOptions(options => options.ModelId = Denied);

        Assert.Throws<InvalidOperationException>(() => builder.Build());
    }

    [Fact]
    public void Build_UsedTwice_IsRefused()
    {
        var builder = new EmbeddingGeneratorBuilder<string, Embedding<float>>(Generator(Allowed)).UseControlZero(client: ControlZero);

        Assert.Throws<InvalidOperationException>(() => builder.Build());
    }

    private IEmbeddingGenerator<string, Embedding<float>> Generator(string model) =>
        new EmbeddingGeneratorBuilder<string, Embedding<float>>(OpenAI().GetEmbeddingClient(model).AsIEmbeddingGenerator())
            .UseControlZero(client: ControlZero)
            .Build();

    /// <summary>A part further in that fills in a model where none is named.</summary>
    private sealed class DefaultModel(IEmbeddingGenerator<string, Embedding<float>> inner, string model)
        : DelegatingEmbeddingGenerator<string, Embedding<float>>(inner)
    {
        public override Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
            IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
        {
            options ??= new EmbeddingGenerationOptions();
            options.ModelId ??= model;
            return base.GenerateAsync(values, options, cancellationToken);
        }
    }
}
