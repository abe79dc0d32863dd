using System.ClientModel;
using ControlZero.Protocol.V1;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Tests.Embeddings;

public sealed class EmbeddingSettlingTests : SettlingTest
{
    [Fact]
    public async Task Generate_ThatIsAnswered_SettlesWithNoTokensOfAnAnswer()
    {
        await Generator().GenerateAsync([new string('x', 2_999), "y"]);

        Assert.Equal([Settle("agent-1", new() { InputTokens = 1, OutputTokens = 0 }, $"model/{Allowed}")], await SettledAsync());
        Assert.True(Cluster.Received<SettleRequest>()[0].Usage.HasOutputTokens);
        Assert.Equal(new Estimate { InputTokens = 1_000, MaxOutputTokens = 0 }, Assert.Single(Cluster.Received<EnforceRequest>()).Estimate);
        Assert.True(Cluster.Received<EnforceRequest>()[0].Estimate.HasMaxOutputTokens);
    }

    [Fact]
    public async Task Generate_ProviderThatRefuses_CancelsTheReservation()
    {
        Provider.FailNext(400);

        await Assert.ThrowsAsync<ClientResultException>(() => Generator().GenerateAsync(["text"]));

        Assert.Empty(await SettledAsync());
        Assert.Equal([new CancelRequest { Token = "held", AgentId = "agent-1" }], Cluster.Received<CancelRequest>());
    }

    private IEmbeddingGenerator<string, Embedding<float>> Generator() =>
        OpenAI().GetEmbeddingClient(Allowed).AsIEmbeddingGenerator().AsBuilder().UseControlZero(client: ControlZero).Build();
}
