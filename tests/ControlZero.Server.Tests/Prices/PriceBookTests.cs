using ControlZero.Server.Prices;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlZero.Server.Tests.Prices;

public sealed class PriceBookTests : IDisposable
{
    private const string Before = """{"version": "one", "unit": "micro_usd_per_million_tokens", "models": {"a": {"input": 1000, "output": 2000}}}""";
    private const string After = """{"version": "two", "unit": "micro_usd_per_million_tokens", "models": {"a": {"input": 30000, "output": 2000}}}""";

    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("cz-prices").FullName, "prices.json");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Fact]
    public void Look_AfterTheFileChanged_HasTheNewPrices()
    {
        var book = NewBook(Before);
        Assert.Equal(("one", 1000), (book.Table.Version, book.Find("model/a")!.Price.Input));

        Write(After);
        book.Look();

        Assert.Equal(("two", 30_000), (book.Table.Version, book.Find("model/a")!.Price.Input));
    }

    [Theory]
    [InlineData("{\"unit\": ")]
    [InlineData("[]")]
    [InlineData(null)]
    public void Look_AtAFileThatCannotBeUsed_KeepsThePricesBefore(string? text)
    {
        var book = NewBook(Before);

        Write(text);
        book.Look();

        Assert.Equal(1000, book.Find("model/a")!.Price.Input);

        Write(After);
        book.Look();

        Assert.Equal("two", book.Table.Version);
    }

    [Fact]
    public void Faults_OfAFileThatCannotBeUsed_NameTheSettingAndTheFile()
    {
        var missing = Assert.Single(new PriceSettings { File = _file }.Faults());
        Write("[]");
        var broken = Assert.Single(new PriceSettings { File = _file }.Faults());
        Write(Before);

        Assert.StartsWith($"Prices:File: `{_file}`: the file cannot be read", missing, StringComparison.Ordinal);
        Assert.StartsWith($"Prices:File: `{_file}`: the file is no JSON object", broken, StringComparison.Ordinal);
        Assert.Empty(new PriceSettings { File = _file }.Faults());
        Assert.Empty(new PriceSettings().Faults());
    }

    private PriceBook NewBook(string text)
    {
        Write(text);
        var book = new PriceBook(new PriceSettings { File = _file }, TimeProvider.System, NullLogger<PriceBook>.Instance);
        book.Look();
        return book;
    }

    // The length tells the versions apart even where the file system's clock is coarse.
    private void Write(string? text)
    {
        if (text is null)
        {
            File.Delete(_file);
        }
        else
        {
            File.WriteAllText(_file, text);
        }
    }
}
