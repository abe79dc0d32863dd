using System.Net;

namespace ControlZero.Cli.Connection;

/// <summary>Where a command takes its key from.</summary>
internal static class KeySource
{
    /// <summary>Where the quickstart keeps the first key, from the folder it was started in.</summary>
    private static readonly string AdminKeyFile = Path.Combine("data", "admin.key");

    /// <summary>The key: the option's, the file's, the environment's, else the quickstart's when the cluster is on this machine.</summary>
    /// <param name="host">The outside world.</param>
    /// <param name="url">The cluster: one address or several with commas between. The quickstart's key goes to none when one of them is elsewhere.</param>
    /// <param name="key">What <c>--key</c> says.</param>
    /// <param name="keyFile">What <c>--key-file</c> says.</param>
    public static string Find(CliHost host, string url, string? key, string? keyFile)
    {
        if (key is not null && keyFile is not null)
        {
            throw CommandFailure.Usage("`--key` and `--key-file` say the same thing twice; give one of them");
        }

        var found = key ?? (keyFile is null ? NonEmpty(host.Environment("CONTROLZERO_API_KEY")) : Read(host, keyFile)) ?? OfQuickstart(host, url);
        return found?.Trim() ?? throw new CommandFailure(
            ExitCodes.NotPermitted,
            "NO_KEY",
            "no key is given; set `CONTROLZERO_API_KEY`, or give `--key-file FILE` or `--key KEY`");
    }

    private static string Read(CliHost host, string file)
    {
        try
        {
            return NonEmpty(File.ReadAllText(Path.Combine(host.Directory, file)))
                ?? throw CommandFailure.Usage($"the key file `{file}` is empty; give a file that holds a key");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"the key file `{file}` cannot be read; check the path and its permissions");
        }
    }

    private static string? OfQuickstart(CliHost host, string url)
    {
        if (!url.Split(',', StringSplitOptions.TrimEntries).All(IsOfThisMachine))
        {
            return null;
        }

        try
        {
            var key = NonEmpty(File.ReadAllText(Path.Combine(host.Directory, AdminKeyFile)));
            if (key is not null)
            {
                host.Error.WriteLine($"using the key in {AdminKeyFile}");
            }

            return key;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsOfThisMachine(string address) => Uri.TryCreate(address, UriKind.Absolute, out var parsed) && IsThisMachine(parsed.DnsSafeHost);

    /// <summary>A name that only looks local (<c>localhost.example.com</c>) must not be sent the admin key.</summary>
    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static string? NonEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
