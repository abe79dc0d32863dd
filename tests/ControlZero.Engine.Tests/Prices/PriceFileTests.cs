using ControlZero.Engine.Prices;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Prices;

public sealed class PriceFileTests
{
    private const string LiteLlm = """
        {
          "sample_spec": {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "litellm_provider": "one of these"},
          "gpt-4o": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-06, "litellm_provider": "openai", "mode": "chat"},
          "openrouter/anthropic/claude-sonnet-4": {"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05, "litellm_provider": "openrouter",
            "cache_creation_input_token_cost": 3.75e-06, "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05},
          "text-embedding-3-small": {"input_cost_per_token": 2e-08, "litellm_provider": "openai", "mode": "embedding"},
          "o3": {"input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06, "output_cost_per_reasoning_token": 9e-06, "litellm_provider": "openai"},
          "dall-e-3": {"input_cost_per_pixel": 1e-08, "litellm_provider": "openai"},
          "thirds": {"input_cost_per_token": 3.3333333333333e-06, "output_cost_per_token": 1e-05, "litellm_provider": "x"}
        }
        """;

    private const string ModelsDev = """
        {
          "openrouter": {"id": "openrouter", "models": {
            "anthropic/claude-sonnet-4": {"id": "anthropic/claude-sonnet-4", "cost": {"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75}},
            "deepseek/deepseek-r1:free": {"id": "deepseek/deepseek-r1:free", "cost": {"input": 0, "output": 0}} } },
          "github-models": {"id": "github-models", "models": {"gpt-4o": {"cost": {"input": 0, "output": 0}}}},
          "openai": {"id": "openai", "models": {"gpt-4o": {"cost": {"input": 2.5, "output": 10}}, "whisper": {"id": "whisper"}}},
          "google": {"id": "google", "models": {"gemini-2.5-pro": {"cost": {"input": 1.25, "output": 10, "context_over_200k": {"input": 2.5, "output": 15}}}}}
        }
        """;

    [Fact]
    public void Read_LiteLlm_GivesEveryPriceInMicroDollarsPerMillion()
    {
        var read = PriceFile.Read(LiteLlm);

        Assert.Equal((PriceFormat.LiteLlm, 1, 0), (read.Format, read.Skipped, read.Findings.Count));
        Assert.Equal(new ModelPrice(2_500_000, 10_000_000) { CachedInput = 1_250_000 }, PriceOf(read, "gpt-4o"));
        Assert.Equal(PriceOf(read, "gpt-4o"), PriceOf(read, "openai/gpt-4o"));
        Assert.Equal(new ModelPrice(3_000_000, 15_000_000) { CacheWrite = 3_750_000 }, PriceOf(read, "anthropic/claude-sonnet-4"));
        Assert.Equal(new ModelPrice(6_000_000, 22_500_000), PriceOf(read, "anthropic/claude-sonnet-4", inputTokens: 200_001));
        Assert.Equal(new ModelPrice(20_000, 0), PriceOf(read, "text-embedding-3-small"));
        Assert.Equal(9_000_000, PriceOf(read, "o3")!.Value.Reasoning);
        Assert.Equal(3_333_334, PriceOf(read, "thirds")!.Value.Input);
        Assert.Null(PriceOf(read, "dall-e-3"));
        Assert.Null(PriceOf(read, "sample_spec"));
    }

    [Fact]
    public void Read_ModelsDev_GivesEveryPriceAndTheDearerOfTwo()
    {
        var read = PriceFile.Read(ModelsDev);

        Assert.Equal((PriceFormat.ModelsDev, 1, 0), (read.Format, read.Skipped, read.Findings.Count));
        Assert.Equal(new ModelPrice(3_000_000, 15_000_000) { CachedInput = 300_000, CacheWrite = 3_750_000 }, PriceOf(read, "anthropic/claude-sonnet-4"));
        Assert.Equal(new ModelPrice(0, 0), PriceOf(read, "deepseek/deepseek-r1:free"));
        Assert.Equal(new ModelPrice(2_500_000, 10_000_000), PriceOf(read, "gpt-4o"));
        Assert.Equal(new ModelPrice(0, 0), PriceOf(read, "github-models/gpt-4o"));
        Assert.Equal(new ModelPrice(1_250_000, 10_000_000), PriceOf(read, "google/gemini-2.5-pro", inputTokens: 200_000));
        Assert.Equal(new ModelPrice(2_500_000, 15_000_000), PriceOf(read, "google/gemini-2.5-pro", inputTokens: 200_001));
    }

    [Theory]
    [InlineData(LiteLlm)]
    [InlineData(ModelsDev)]
    public void Write_WhatWasImported_ReadsBackAsTheSameTable(string imported)
    {
        var table = PriceFile.Read(imported, "2026-11-27").Table!;

        var again = PriceFile.Read(PriceFile.Write(table));

        Assert.Empty(again.Findings);
        Assert.Equal((PriceFormat.ControlZero, "2026-11-27", table.Digest), (again.Format, again.Table!.Version, again.Table.Digest));
        Assert.Equal(table.Models.AsEnumerable(), again.Table.Models);
    }

    [Fact]
    public void Read_ProviderAlone_IsModelsDevToo() =>
        Assert.Equal(new ModelPrice(1_000_000, 2_000_000), PriceOf(PriceFile.Read("""{"id": "openrouter", "models": {"a/b": {"cost": {"input": 1, "output": 2}}}}"""), "a/b"));

    [Theory]
    [InlineData("""{"input": -1, "output": 1}""", "less than nothing")]
    [InlineData("""{"input": 1e400, "output": 1}""", "more than 10000 dollars")]
    [InlineData("""{"input": 10000000001, "output": 1}""", "more than 10000 dollars")]
    [InlineData("""{"input": "NaN", "output": 1}""", "no number")]
    [InlineData("""{"input": 2.5, "output": 1}""", "no whole number")]
    [InlineData("""{"input": 1}""", "no `output`")]
    [InlineData("""{"input": 1, "output": 1, "cashed_input": 1}""", "`cashed_input` is not known")]
    [InlineData("""{"input": 1, "output": 1, "long_prompt": {"input": 1, "output": 1}}""", "`long_prompt`")]
    [InlineData("3", "no object")]
    public void Read_BadEntryOfTheOwnFormat_IsLeftOutAndSaid(string entry, string expected)
    {
        var read = PriceFile.Read("{\"unit\": \"micro_usd_per_million_tokens\", \"models\": {\"bad\": " + entry + ", \"good\": {\"input\": 1, \"output\": 2}}}");

        var finding = Assert.Single(read.Findings);
        Assert.Equal("bad", finding.Model);
        Assert.Contains(expected, finding.Message, StringComparison.Ordinal);
        Assert.Equal(["good"], read.Table!.Models.Select(model => model.Name));
    }

    [Theory]
    [InlineData("""{"gpt": {"input_cost_per_token": -1e-6, "output_cost_per_token": 0, "litellm_provider": "x"}}""")]
    [InlineData("""{"gpt": {"input_cost_per_token": 3.0, "output_cost_per_token": 15.0, "litellm_provider": "x"}}""")]
    [InlineData("""{"openai": {"models": {"gpt": {"cost": {"input": 3000000, "output": 1}}}}}""")]
    [InlineData("""{"unit": "usd", "models": {}}""")]
    [InlineData("""{"unit": "micro_usd_per_million_tokens", "models": {"model/x": {"input": 1, "output": 1}}}""")]
    public void Read_AbsurdPriceOrUnit_IsLeftOutAndSaid(string text)
    {
        var read = PriceFile.Read(text);

        Assert.NotEmpty(read.Findings);
        Assert.Empty(read.Table!.Models);
    }

    [Theory]
    [InlineData("{\n\"a\": NaN}", "line 2")]
    [InlineData("", "not JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("{}", "no price table")]
    [InlineData("""{"rules": []}""", "no price table")]
    public void Read_WhatIsNoPriceFile_SaysSo(string text, string expected)
    {
        var read = PriceFile.Read(text);

        Assert.Null(read.Table);
        Assert.Contains(expected, Assert.Single(read.Findings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SameModelTwiceInOneFile_TakesTheDearerAndSaysSo()
    {
        var read = PriceFile.Read("""{"unit": "micro_usd_per_million_tokens", "models": {"a": {"input": 1, "output": 9}, "A": {"input": 2, "output": 3}}}""");

        Assert.Equal(new ModelPrice(2, 9), PriceOf(read, "a"));
        Assert.Contains("different prices", Assert.Single(read.Findings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Digest_ChangesWithAnyPriceAndWithNothingElse()
    {
        var one = PriceFile.Read("""{"unit": "micro_usd_per_million_tokens", "models": {"a": {"input": 1, "output": 2}, "b": {"input": 1, "output": 2}}}""").Table!;
        var same = PriceFile.Read("""{"version": "v", "unit": "micro_usd_per_million_tokens", "models": {"b": {"output": 2, "input": 1}, "a": {"input": 1, "output": 2, "reasoning": 2}}}""").Table!;
        var other = PriceFile.Read("""{"unit": "micro_usd_per_million_tokens", "models": {"a": {"input": 1, "output": 2}, "b": {"input": 1, "output": 2, "cached_input": 0}}}""").Table!;

        Assert.Equal((one.Digest, one.Digest, "v"), (one.Version, same.Digest, same.Version));
        Assert.NotEqual(one.Digest, other.Digest);
    }

    private static ModelPrice? PriceOf(PriceReadResult read, string model, long inputTokens = 1) => read.Table!.Find("model/" + model)?.For(inputTokens);
}
