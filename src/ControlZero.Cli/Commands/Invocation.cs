using System.CommandLine;
using ControlZero.Cli.Connection;
using ControlZero.Cli.Output;
using ControlZero.Client;

namespace ControlZero.Cli.Commands;

/// <summary>One run of a command.</summary>
internal sealed class Invocation(CliHost host, GlobalOptions globals, ParseResult parse, Report report) : IDisposable
{
    private const string DefaultUrl = "http://127.0.0.1:5050";
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);
    private ControlZeroClient? _client;

    public CliHost Host => host;

    public Report Report => report;

    /// <summary>A client of the cluster, for commands that talk to it.</summary>
    public ControlZeroClient Client => _client ??= Connect([]);

    /// <summary>Where the cluster is.</summary>
    public string Url => Value(globals.Url) ?? (string.IsNullOrWhiteSpace(host.Environment("CONTROLZERO_URL")) ? DefaultUrl : host.Environment("CONTROLZERO_URL")!.Trim());

    /// <summary>What <c>--key</c> says. Null: nothing.</summary>
    public string? KeyArgument => Value(globals.Key);

    /// <summary>The file that <c>--key-file</c> names, as a full path. Null: none.</summary>
    public string? KeyFile => Value(globals.KeyFile) is { } file ? Path.Combine(host.Directory, file) : null;

    /// <summary>The agent the environment names. Null: it names none.</summary>
    public string? AgentOfEnvironment => string.IsNullOrWhiteSpace(host.Environment("CONTROLZERO_AGENT_ID")) ? null : host.Environment("CONTROLZERO_AGENT_ID");

    public T? Value<T>(Option<T> option) => parse.GetValue(option);

    public T Value<T>(Argument<T> argument) => parse.GetRequiredValue(argument);

    /// <summary>An argument that may be left out.</summary>
    public T? Optional<T>(Argument<T?> argument) => parse.GetValue(argument);

    /// <summary>What <c>--timeout</c> says. Null: nothing.</summary>
    public TimeSpan? TimeoutOption => Value(globals.Timeout);

    /// <summary>A client for a program that honours these obligations.</summary>
    public ControlZeroClient Connect(IEnumerable<string> obligations)
    {
        var url = Url;
        var options = new ControlZeroClientOptions
        {
            Url = url,
            ApiKey = KeySource.Find(host, url, Value(globals.Key), Value(globals.KeyFile)),
            AgentId = AgentOfEnvironment,
            Timeout = Value(globals.Timeout) ?? DefaultTimeout,
        };
        options.Obligations.UnionWith(obligations);
        TlsFiles.Name(options, host, globals, this);
        return _client = new ControlZeroClient(options);
    }

    /// <inheritdoc/>
    public void Dispose() => _client?.Dispose();
}
