using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Hosting;

/// <summary>Where an embedded server keeps its things.</summary>
internal sealed record DataOptions
{
    /// <summary>The section: <c>Data</c>.</summary>
    public const string SectionName = "Data";

    /// <summary>The setting that names the directory.</summary>
    public const string DirectoryPath = $"{SectionName}:{nameof(Directory)}";

    /// <summary>Directory of everything the server keeps, made with mode 0700. Default: <c>./data</c>.</summary>
    public string Directory { get; init; } = "data";

    /// <summary>Reads the section.</summary>
    public static DataOptions Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new DataOptions());
        return new() { Directory = section.File(nameof(Directory), standard.Directory)! };
    }
}
