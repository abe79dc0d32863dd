using ControlZero.Engine.Prices;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Prices;

/// <summary>What models cost.</summary>
internal sealed record PriceSettings
{
    /// <summary>The section: <c>Prices</c>.</summary>
    public const string SectionName = "Prices";

    /// <summary>
    /// A price table: our own format (<c>cz prices import</c> writes it), LiteLLM's or models.dev's. Looked at again every 5 s; what cannot be
    /// read leaves the table before in force. Default: none, no model has a price.
    /// </summary>
    public string? File { get; init; }

    /// <summary>Reads the section.</summary>
    public static PriceSettings Read(SettingReader reader) => new() { File = reader.Section(SectionName).File(nameof(File)) };

    /// <summary>What is wrong with the file that is named.</summary>
    public IEnumerable<string> Faults()
    {
        if (File is null)
        {
            return [];
        }

        var read = ReadFile(File);
        return read.Table is not null ? [] : read.Findings.Select(finding => $"{SectionName}:{nameof(File)}: `{File}`: {finding}");
    }

    /// <summary>Reads a price file; one that is not there is a finding like any other.</summary>
    public static PriceReadResult ReadFile(string file)
    {
        try
        {
            return PriceFile.Read(System.IO.File.ReadAllText(file));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new PriceReadResult(null, PriceFormat.Unspecified, [new PriceFinding("", "the file cannot be read", "name one that exists and may be read")], 0);
        }
    }
}
