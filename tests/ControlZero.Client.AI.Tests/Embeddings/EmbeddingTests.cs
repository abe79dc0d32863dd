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
    public void Build_UsedTwice_IsRefused()
    {
        var builder = new EmbeddingGeneratorBuilder<string, Embedding<float>>(Generator(Allowed)).UseControlZero(client: ControlZero);

        Assert.Throws<InvalidOperationException>(() => builder.Build());
    }

    private IEmbeddingGenerator<string, Embedding<float>> Generator(string model) =>
        new EmbeddingGeneratorBuilder<string, Embedding<float>>(OpenAI().GetEmbeddingClient(model).AsIEmbeddingGenerator())
            .UseControlZero(client: ControlZero)
            .Build();
}
