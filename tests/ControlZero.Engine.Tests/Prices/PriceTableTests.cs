using ControlZero.Engine.Prices;

namespace ControlZero.Engine.Tests.Prices;

public sealed class PriceTableTests
{
    private static readonly PriceTable Table = PriceFile.Read("""
        {"unit": "micro_usd_per_million_tokens", "models": {
          "openai/gpt-4o": {"input": 2500000, "output": 10000000},
          "deepseek/r1": {"input": 500000, "output": 20000000}, "deepseek/r1:free": {"input": 0, "output": 0},
          "llama3": {"input": 1, "output": 1}, "ft:gpt-4o": {"input": 3750000, "output": 15000000} } }
        """).Table!;

    [Theory]
    [InlineData("model/openai/gpt-4o", 2_500_000L)]
    [InlineData("MODEL/OpenAI/GPT-4o", 2_500_000L)]
    [InlineData("model/openai/gpt-4o:nitro", 2_500_000L)]
    [InlineData("model/openai/gpt-4o:free", 2_500_000L)]
    [InlineData("model/openai/gpt-4o:online:nitro", 2_500_000L)]
    [InlineData("model/deepseek/r1:free", 0L)]
    [InlineData("model/deepseek/r1:free:nitro", 0L)]
    [InlineData("model/ft:gpt-4o:my-org::abc", 3_750_000L)]
    [InlineData("model/llama3:70b", null)]
    [InlineData("model/openai/gpt-4o-mini", null)]
    [InlineData("model/@preset/mine", null)]
    [InlineData("model/openrouter/auto", null)]
    public void Find_Model_HasItsPriceOrThatOfItsRouteAndNoGuess(string resource, long? input)
    {
        Assert.Equal(input, Table.Find(resource)?.Price.Input);
    }

    [Fact]
    public void Find_ResourceThatIsNoModel_HasNoPrice() => Assert.Null(Table.Find("openai/gpt-4o"));

    [Fact]
    public void Find_OneModel_AllocatesNothing()
    {
        Table.Find("model/openai/gpt-4o:nitro");

        var before = GC.GetAllocatedBytesForCurrentThread();
        Table.Find("model/openai/gpt-4o:nitro");

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
