using System.CommandLine;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Hosting;

/// <summary>The settings that have an option on the command line; it wins over the environment and the file. The defaults stand with the settings.</summary>
internal sealed class SettingOptions
{
    private readonly Option<string?> _file = new("--config")
    {
        Description = $"JSON file with settings; default: {ServerSettings.StandardFile} in the data directory, if it is there",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly (Option Option, string Path)[] _settings =
    [
        (Text("--data", "DIR", "directory of everything the server keeps; default: data"), DataOptions.DirectoryPath),
        (Text("--grpc", "ADDRESS:PORT", "where gRPC listens; port 0 takes a free one; default: 127.0.0.1:5050"), "Listen:Grpc"),
        (Text("--http", "ADDRESS:PORT", "where HTTP listens (health); port 0 takes a free one; default: 127.0.0.1:5051"), "Listen:Http"),
        (Text("--setup", "embedded|azure|postgres", "where state and membership are kept; default: embedded, one server without others"), "Cluster:Setup"),
        (Text("--role", "silo|frontdoor", "frontdoor: no silo, only a front door before those of the cluster; default: silo"), "Cluster:Role"),
        (Text("--silo", "ADDRESS:PORT", "where the other servers of the cluster reach this one; port 0 takes a free one; default: 127.0.0.1:11111"), "Cluster:Silo"),
        (new Option<bool>("--allow-insecure") { Description = "serve addresses that are not loopback without TLS, keys in the clear", Recursive = true }, "Listen:AllowInsecure"),
        (Text("--freshness-bound", "TIME", "how far this server may be behind the others before it allows nothing more; default: 2s"), "Freshness:Bound"),
        (Text("--otlp-endpoint", "URL", "OpenTelemetry collector for metrics and logs; default: none, nothing is sent"), "Telemetry:OtlpEndpoint"),
        (Text("--drain-delay", "TIME", "how long to serve on after saying that no more work is wanted, for load balancers to notice; default: 0s"), "Shutdown:DrainDelay"),
        (
            Text(
                "--unknown-agents",
                "deny|allow",
                "what becomes of agents that were never registered, in the tenant `default`; only the first start asks; default: deny, of quickstart: allow"),
            "DefaultTenant:UnknownAgents"),
    ];

    /// <summary>Every option.</summary>
    public IEnumerable<Option> All => [_file, .. _settings.Select(each => each.Option)];

    /// <summary>Where the settings of this run are.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="standard">What the command says instead of the defaults. Null: nothing.</param>
    public SettingSources Sources(ParseResult line, SettingLayer? standard = null) => new()
    {
        File = line.GetValue(_file),
        Standard = standard ?? new SettingLayer(),
        CommandLine = SettingLayers.Of(
            from each in _settings
            let given = line.GetResult(each.Option)
            where given is { Implicit: false }
            select new WrittenSetting(each.Path, given.Tokens.Count == 0 ? "true" : given.Tokens[0].Value, each.Option.Name)),
    };

    private static Option<string?> Text(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value, Recursive = true };
}
