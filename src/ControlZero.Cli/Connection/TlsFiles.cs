using ControlZero.Cli.Commands;
using ControlZero.Client;

namespace ControlZero.Cli.Connection;

/// <summary>Where a command takes its TLS files from.</summary>
internal static class TlsFiles
{
    /// <summary>Names the files in the options: the command line's, else, for https, those of the environment. Relative paths begin where the command runs.</summary>
    /// <param name="options">The options, their url filled in.</param>
    /// <param name="host">The outside world.</param>
    /// <param name="globals">The options every command has.</param>
    /// <param name="invocation">The command line.</param>
    public static void Name(ControlZeroClientOptions options, CliHost host, GlobalOptions globals, Invocation invocation)
    {
        var (certificate, key) = (invocation.Value(globals.ClientCertificate), invocation.Value(globals.ClientKey));
        var secure = options.Url!.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        var own = certificate is not null || key is not null;
        options.CaFile = Find(invocation.Value(globals.Ca), secure, "CONTROLZERO_CA_FILE");
        options.ClientCertificateFile = Find(certificate, secure && !own, "CONTROLZERO_CLIENT_CERTIFICATE_FILE");
        options.ClientKeyFile = Find(key, secure && !own, "CONTROLZERO_CLIENT_KEY_FILE");

        string? Find(string? given, bool orVariable, string variable) =>
            (given ?? (orVariable ? host.Environment(variable) : null)) is { } file && !string.IsNullOrWhiteSpace(file) ? Path.Combine(host.Directory, file.Trim()) : null;
    }
}
