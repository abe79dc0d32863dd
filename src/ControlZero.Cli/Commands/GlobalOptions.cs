using System.CommandLine;
using ControlZero.Cli.Connection;

namespace ControlZero.Cli.Commands;

/// <summary>The options every command has.</summary>
internal sealed class GlobalOptions
{
    public Option<string?> Url { get; } = new("--url")
    {
        Description = "The cluster: http://host:port or https://host:port, several with commas between; the first that can be reached is asked. Default: $CONTROLZERO_URL, else http://127.0.0.1:5050.",
        HelpName = "url",
        Recursive = true,
    };

    public Option<string?> Key { get; } = new("--key")
    {
        Description = "The API key. Others on this machine may see it in the process list: prefer $CONTROLZERO_API_KEY or --key-file. " +
            "Default: ./data/admin.key when the cluster is on this machine.",
        HelpName = "key",
        Recursive = true,
    };

    public Option<string?> KeyFile { get; } = new("--key-file") { Description = "A file that holds the API key.", HelpName = "file", Recursive = true };

    public Option<string?> Ca { get; } = new("--ca")
    {
        Description = "PEM file: the authorities that may vouch for an https cluster. Default: $CONTROLZERO_CA_FILE, else those the machine trusts.",
        HelpName = "file",
        Recursive = true,
    };

    public Option<string?> ClientCertificate { get; } = new("--client-cert")
    {
        Description = "PEM file: the certificate to present to a cluster that asks for one. Default: $CONTROLZERO_CLIENT_CERTIFICATE_FILE.",
        HelpName = "file",
        Recursive = true,
    };

    public Option<string?> ClientKey { get; } = new("--client-key")
    {
        Description = "PEM file: the private key of --client-cert. Default: $CONTROLZERO_CLIENT_KEY_FILE, else the file of --client-cert.",
        HelpName = "file",
        Recursive = true,
    };

    public Option<string> Output { get; } = new("--output")
    {
        Description = "`text` for people, `json` for programs: one document on stdout, errors included.",
        HelpName = "text|json",
        DefaultValueFactory = _ => "text",
        Recursive = true,
    };

    public Option<TimeSpan?> Timeout { get; } = new("--timeout")
    {
        Description = "How long a call may take, for example `500ms` or `2m`. Default: 10s.",
        HelpName = "time",
        CustomParser = Durations.Parse,
        Recursive = true,
    };

    public GlobalOptions()
    {
        Output.AcceptOnlyFromAmong("text", "json");
    }

    public IEnumerable<Option> All => [Url, Key, KeyFile, Ca, ClientCertificate, ClientKey, Output, Timeout];
}
