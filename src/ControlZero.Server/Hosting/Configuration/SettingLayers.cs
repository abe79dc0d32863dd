using System.Collections;
using System.Text.Json;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Server.Hosting.Configuration;

/// <summary>Makes layers of what operators write.</summary>
internal static class SettingLayers
{
    /// <summary>How the variables begin that configure the server; section and key follow, <c>__</c> between them.</summary>
    public const string EnvironmentPrefix = "CONTROLZERO__";

    private const string FileRemedy = "write for example { \"Listen\": { \"Grpc\": \"127.0.0.1:5050\" } }";

    /// <summary>A JSON file with an object for each section. Comments and trailing commas are fine. Relative paths in it begin beside it.</summary>
    public static SettingLayer OfFile(string file, ICollection<string> faults)
    {
        var layer = new SettingLayer();
        var shown = Quoted.Path(file);
        try
        {
            using var stream = File.OpenRead(file);
            var folder = Path.GetDirectoryName(Path.GetFullPath(file));
            foreach (var (path, value) in new ConfigurationBuilder().AddJsonStream(stream).Build().AsEnumerable())
            {
                layer.Add(new WrittenSetting(path, value, shown, folder));
            }
        }
        catch (JsonException failure)
        {
            faults.Add($"{shown} is no JSON at line {failure.LineNumber + 1}, byte {failure.BytePositionInLine + 1}; {FileRemedy}");
        }
        catch (FormatException failure)
        {
            faults.Add($"{shown} is no JSON object of sections that say each thing once ({Quoted.Bare(failure.Message)}); {FileRemedy}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            faults.Add($"{shown} cannot be read; check the path and its permissions, or choose another file with --config");
        }

        return layer;
    }

    /// <summary>The variables that begin with <see cref="EnvironmentPrefix"/>. One without a value sets nothing.</summary>
    public static SettingLayer OfEnvironment(IDictionary environment, ICollection<string> faults)
    {
        var layer = new SettingLayer();
        foreach (DictionaryEntry variable in environment)
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var path = name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal);
            var value = variable.Value as string;
            if (!layer.Add(new WrittenSetting(path, string.IsNullOrWhiteSpace(value) ? null : value.Trim(), Quoted.Bare(name))))
            {
                faults.Add($"{Quoted.Text(name)} says the same thing twice as another variable that differs in letter case only; remove one of them");
            }
        }

        return layer;
    }

    /// <summary>What one part of the program says, by itself or for its command line.</summary>
    public static SettingLayer Of(params IEnumerable<WrittenSetting> settings)
    {
        var layer = new SettingLayer();
        foreach (var setting in settings)
        {
            layer.Add(setting);
        }

        return layer;
    }
}
