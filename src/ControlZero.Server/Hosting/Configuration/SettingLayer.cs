namespace ControlZero.Server.Hosting.Configuration;

/// <summary>All that is written in one place: a file, the environment, the command line. Paths are found in any letter case.</summary>
internal sealed class SettingLayer
{
    private readonly Dictionary<string, WrittenSetting> _settings = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What is written.</summary>
    public IEnumerable<WrittenSetting> All => _settings.Values;

    /// <summary>Adds what is written at a path. The second time the same path is not taken: false.</summary>
    public bool Add(WrittenSetting setting) => _settings.TryAdd(setting.Path, setting);

    /// <summary>What is written at this path. Null: nothing is.</summary>
    public WrittenSetting? Find(string path) => _settings.GetValueOrDefault(path) is { Value: not null } found ? found : null;

    /// <summary>The items of a list written one by one (<c>Path:0</c>, <c>Path:1</c>), in order.</summary>
    public IEnumerable<WrittenSetting> FindItems(string path)
    {
        for (var index = 0; Find($"{path}:{index}") is { } item; index++)
        {
            yield return item;
        }
    }
}
