using System.Text;
using System.Text.Json;
using ControlZero.Cli.Commands;
using ControlZero.Testing.Scripted;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Cli.Tests;

/// <summary>A test with a cluster and a folder of its own. Commands run in this process, with no environment but the one a test gives.</summary>
public abstract class CliTest : IAsyncLifetime
{
    internal const string Key = "cz_test_abcdefghjkmn_s3cr3ts3cr3ts3cr3t";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cz-cli-");

    internal ScriptedCluster Cluster { get; private set; } = null!;

    internal Dictionary<string, string> Environment { get; } = [];

    internal FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero));

    public async Task InitializeAsync()
    {
        Cluster = await ScriptedCluster.StartAsync();
        Environment["CONTROLZERO_URL"] = Cluster.Url;
        Environment["CONTROLZERO_API_KEY"] = Key;
    }

    public async Task DisposeAsync()
    {
        await Cluster.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Writes a file into the test's folder and returns its relative path.</summary>
    internal string Write(string file, string text) => Write(file, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a file into the test's folder and returns its relative path.</summary>
    internal string Write(string file, byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return file;
    }

    /// <summary>The outside world as commands of this test see it.</summary>
    internal CliHost Host() => new()
    {
        In = TextReader.Null,
        Out = TextWriter.Null,
        Error = TextWriter.Null,
        Environment = name => Environment.GetValueOrDefault(name),
        Directory = _folder.FullName,
        Clock = Clock,
    };

    internal Task<CliRun> RunAsync(params string[] args) => RunAsync("", args);

    internal async Task<CliRun> RunAsync(string input, string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        var host = Host() with { In = new StringReader(input), Out = output, Error = error };
        return new CliRun(await CzCommand.RunAsync(args, host), output.ToString(), error.ToString());
    }
}

/// <summary>How a command went.</summary>
internal sealed record CliRun(int ExitCode, string Out, string Error)
{
    /// <summary>The lines of data.</summary>
    public string[] Lines => Out.TrimEnd('\n').Split('\n');

    /// <summary>The one JSON document of data; fails when there are more or other text.</summary>
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;
}
