using ControlZero.Cli.Commands;
using ControlZero.Engine.Prices;

namespace ControlZero.Cli.Tests.Prices;

public sealed class PriceCommandTests
{
    private const string LiteLlm = """
        {"gpt-4o": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "litellm_provider": "openai"},
         "broken": {"input_cost_per_token": -1, "output_cost_per_token": 1e-05, "litellm_provider": "openai"}}
        """;

    [Fact]
    public async Task Import_OfLiteLlm_WritesOurFormatAndNamesWhatItLeavesOut()
    {
        var (code, output, words) = await RunAsync(LiteLlm, "prices", "import", "-", "--version-name", "2026-11-27");

        Assert.Equal(0, code);
        var table = PriceFile.Read(output).Table!;
        Assert.Equal(("2026-11-27", 2_500_000), (table.Version, table.Find("model/openai/gpt-4o")!.Price.Input));
        Assert.Null(table.Find("model/broken"));
        Assert.Contains("broken: `input_cost_per_token` is `-1`, less than nothing", words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpt-4o", 0, "$2.50")]
    [InlineData("model/gpt-4o:nitro", 0, "$10.00")]
    [InlineData("who", 4, "no price")]
    public async Task Show_OfAModel_SaysItsPriceOrThatItHasNone(string model, int expected, string shown)
    {
        var (code, output, _) = await RunAsync(LiteLlm, "prices", "show", "-", model);

        Assert.Equal(expected, code);
        Assert.Contains(shown, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OfSomethingElse_IsWrongUsage()
    {
        var (code, output, words) = await RunAsync("[]", "prices", "import", "-");

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("no JSON object", words, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Words)> RunAsync(string input, params string[] args)
    {
        using var output = new StringWriter();
        using var words = new StringWriter();
        var code = await CzCommand.RunAsync(args, new CliHost
        {
            In = new StringReader(input), Out = output, Error = words, Environment = _ => null, Directory = Path.GetTempPath(),
        });
        return (code, output.ToString(), words.ToString());
    }
}
