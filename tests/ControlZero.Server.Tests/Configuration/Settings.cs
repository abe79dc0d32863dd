using System.Collections;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Tests.Configuration;

/// <summary>A folder with configuration files, and an environment that nothing else sees.</summary>
internal sealed class Settings : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cz-settings-");

    public Hashtable Environment { get; } = [];

    /// <summary>Options of the command line, by the setting they stand for.</summary>
    public Dictionary<string, string> Options { get; } = [];

    public string At(params string[] path) => Path.Combine([_folder.FullName, .. path]);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
        return At(name);
    }

    public ServerSettings Read(string? json = null, string? file = null) => ServerSettings.Read(new SettingSources
    {
        File = json is null ? file : Write("settings.json", json),
        Environment = Environment,
        CommandLine = SettingLayers.Of(Options.Select(each => new WrittenSetting(each.Key, each.Value, "--option"))),
    });

    public void Dispose() => _folder.Delete(recursive: true);
}
