using ControlZero.Engine.Diagnostics;

namespace ControlZero.Server.Hosting.Configuration;

/// <summary>The settings of a server, read and checked as a whole.</summary>
/// <param name="Options">What applies; where something was wrong, the default.</param>
/// <param name="Effective">Every setting with its value and where that comes from. Secrets are not in it.</param>
/// <param name="Faults">Everything that is wrong, each with its remedy. None: a server may start with this.</param>
internal sealed record ServerSettings(ServerOptions Options, IReadOnlyList<EffectiveSetting> Effective, IReadOnlyList<string> Faults)
{
    /// <summary>The file that is read when none is named, if it is there: in the data directory.</summary>
    public const string StandardFile = "controlzero.json";

    /// <summary>Reads and checks. The order, the later wins: defaults, file, environment, command line.</summary>
    public static ServerSettings Read(SettingSources sources)
    {
        var faults = new List<string>();
        var environment = SettingLayers.OfEnvironment(sources.Environment, faults);
        var file = sources.File ?? FindStandardFile(environment, sources);
        var written = file is null ? new SettingLayer() : SettingLayers.OfFile(file, faults);
        if (sources.File is null && written.Find(DataOptions.DirectoryPath) is not null)
        {
            faults.Add($"{DataOptions.DirectoryPath} stands in {Quoted.Path(file)}, which was looked for in that very directory; "
                + "name the directory with --data, or the file with --config");
        }

        var reader = new SettingReader(sources.Standard, written, environment, sources.CommandLine);
        var options = ServerOptions.Read(reader);
        reader.RefuseUnknown();
        return new ServerSettings(options, reader.Effective, [.. faults, .. reader.Faults, .. options.Faults()]);
    }

    /// <summary>The same, with what a command finds wrong as well.</summary>
    public ServerSettings And(Func<ServerOptions, IEnumerable<string>> faults) => this with { Faults = [.. Faults, .. faults(Options)] };

    private static string? FindStandardFile(SettingLayer environment, SettingSources sources)
    {
        var data = DataOptions.Read(new SettingReader(sources.Standard, environment, sources.CommandLine));
        var file = Path.Combine(data.Directory, StandardFile);
        return File.Exists(file) ? file : null;
    }
}
