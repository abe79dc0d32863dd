using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Policies;

namespace ControlZero.Server.Hosting.Configuration;

/// <summary>
/// Reads settings out of layers and remembers which were asked for: what applies, from where, what is wrong, and at the end what nobody asked for.
/// A key that no section reads is thereby refused, and a key that one reads is known; there is no list of keys to keep.
/// </summary>
/// <param name="layers">The layers. A later one wins.</param>
internal sealed class SettingReader(params IReadOnlyList<SettingLayer> layers)
{
    private readonly List<string> _faults = [];
    private readonly List<EffectiveSetting> _effective = [];
    private readonly List<string> _sections = [];
    private readonly Dictionary<string, bool> _keys = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong, in the order it was found.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>What applies, in the order it was read.</summary>
    public IReadOnlyList<EffectiveSetting> Effective => _effective;

    /// <summary>The keys of a section.</summary>
    public SettingSection Section(string name)
    {
        _sections.Add(name);
        return new SettingSection(this, name);
    }

    /// <summary>What is written for a setting, in the highest layer that says something. Null: none does.</summary>
    public WrittenSetting? Find(string path)
    {
        _keys[path] = false;
        return layers.Select(layer => layer.Find(path)).LastOrDefault(found => found is not null);
    }

    /// <summary>What is written for a list, in the highest layer that says something: items, or one text of items between commas. None: nothing is.</summary>
    public IReadOnlyList<WrittenSetting> FindList(string path)
    {
        _keys[path] = true;
        foreach (var layer in layers.Reverse())
        {
            var items = layer.Find(path) is { } one
                ? [.. one.Value!.Split(',', StringSplitOptions.TrimEntries).Select(item => one with { Value = item })]
                : layer.FindItems(path).ToList();
            if (items.Count > 0)
            {
                return items;
            }
        }

        return [];
    }

    /// <summary>Keeps what applies.</summary>
    public void Applies(string path, string value, string? origin) => _effective.Add(new EffectiveSetting(path, value, origin ?? "default"));

    /// <summary>Keeps a fault.</summary>
    public void Fault(string fault) => _faults.Add(fault);

    /// <summary>Finds what is written and was never asked for. To be called when every section was read.</summary>
    public void RefuseUnknown()
    {
        foreach (var written in layers.SelectMany(layer => layer.All.Where(written => !IsKnown(layer, written)).OrderBy(written => written.Path, StringComparer.Ordinal)))
        {
            _faults.Add($"{Quoted.Text(written.Path)} ({written.Origin}) {WhyUnknown(written.Path)}");
        }
    }

    private bool IsKnown(SettingLayer layer, WrittenSetting written)
    {
        if (_keys.ContainsKey(written.Path))
        {
            return true;
        }

        // The beginning of something longer, which is looked at by itself; or a section with nothing in it.
        if (written.Value is null
            && (HasSection(written.Path) || layer.All.Any(other => other.Path.StartsWith($"{written.Path}:", StringComparison.OrdinalIgnoreCase))))
        {
            return true;
        }

        var end = written.Path.LastIndexOf(':');
        return end > 0 && _keys.GetValueOrDefault(written.Path[..end]) && written.Path.AsSpan(end + 1).IndexOfAnyExceptInRange('0', '9') < 0;
    }

    private string WhyUnknown(string path)
    {
        var parts = path.Split(':', 2);
        if (!HasSection(parts[0]))
        {
            return $"is of no section of this build; {NearestWord.Remedy(parts[0], [.. _sections.Where(section => !section.Contains(':', StringComparison.Ordinal))])}";
        }

        if (parts.Length == 1)
        {
            return $"is a section, not a setting; use one of {Listed(KeysOf(parts[0]))}";
        }

        var elsewhere = _keys.Keys.Where(key => key.EndsWith($":{parts[1]}", StringComparison.OrdinalIgnoreCase)).MinBy(key => key.Count(each => each == ':'));
        var own = KeysOf(parts[0]).ToList();
        var nearest = elsewhere ?? NearestWord.Find(path[(parts[0].Length + 1)..], [.. own.Select(key => key[(parts[0].Length + 1)..])]) switch
        {
            { } key => own.First(each => each.EndsWith($":{key}", StringComparison.Ordinal)),
            null => null,
        };
        return $"is no setting of this build; {(nearest is null ? $"use one of {Listed(own)}" : $"did you mean `{nearest}`?")}";
    }

    private bool HasSection(string name) => _sections.Contains(name, StringComparer.OrdinalIgnoreCase);

    private IEnumerable<string> KeysOf(string section) => _keys.Keys.Where(key => key.StartsWith($"{section}:", StringComparison.OrdinalIgnoreCase));

    private static string Listed(IEnumerable<string> paths) => string.Join(", ", paths.Select(path => $"`{path}`"));
}
