namespace ControlZero.Client.Configuration;

/// <summary>Reads one address of the cluster, or several with commas between.</summary>
internal static class AddressList
{
    private const string Remedy = "write `http://host:port` or `https://host:port`, several with commas between";

    /// <summary>The addresses, in the order they are written. They must be valid.</summary>
    public static IReadOnlyList<Uri> Parse(string url) => [.. Split(url).Select(address => new Uri(address))];

    /// <summary>What is wrong with the first address that is not right, and what to do. Null: nothing is.</summary>
    public static string? Fault(string? url)
    {
        var addresses = Split(url ?? "");
        if (addresses.Select(address => AddressFault(address, url ?? "")).FirstOrDefault(fault => fault is not null) is { } fault)
        {
            return fault;
        }

        var parsed = addresses.Select(address => new Uri(address)).ToList();
        if (parsed.Select(address => address.Scheme).Distinct().Skip(1).Any())
        {
            // The key would go in the clear whenever the addresses with TLS are away.
            return $"Url: `{url}` mixes http and https; write every address with the same";
        }

        return parsed.GroupBy(address => address.Authority).FirstOrDefault(same => same.Skip(1).Any()) is { } twice
            ? $"Url: `{url}` names `{twice.First().Authority}` twice; name each address once"
            : null;
    }

    private static string[] Split(string url) => url.Split(',', StringSplitOptions.TrimEntries);

    private static string? AddressFault(string address, string url)
    {
        var shown = Redacted(address, url);
        if (!Uri.TryCreate(address, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
        {
            return $"Url: `{shown}` is not an http or https address; {Remedy}";
        }

        if (parsed.UserInfo.Length > 0)
        {
            return $"Url: `{shown}` holds a user name or password; {Remedy} and give the key as ApiKey";
        }

        return parsed.PathAndQuery != "/" || parsed.Fragment.Length > 0 ? $"Url: `{shown}` has a path, query or fragment; {Remedy}" : null;
    }

    /// <summary>An address without what stands before an <c>@</c>: that may be a password, and a password may hold commas.</summary>
    private static string Redacted(string address, string url)
    {
        var at = url.LastIndexOf('@');
        return at < 0 ? address : $"…{url[at..]}";
    }
}
