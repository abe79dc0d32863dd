using System.Globalization;
using System.Net;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Server.Hosting.Configuration;

/// <summary>
/// Reads the keys of one section, each by its type. What cannot be read is a fault and gives the default, so that everything else is still
/// looked at.
/// </summary>
/// <param name="reader">Where the settings are.</param>
/// <param name="name">Name of the section.</param>
internal sealed class SettingSection(SettingReader reader, string name)
{
    private delegate bool TryRead<T>(string text, out T value);

    /// <summary>A text.</summary>
    public string Text(string key, string standard) =>
        Read(key, standard, (string text, out string value) => (value = text).Length > 0, "is empty", "leave it out, or write something", value => value);

    /// <summary>A text that is never shown. Null: there is none.</summary>
    public string? Secret(string key)
    {
        var written = reader.Find(PathOf(key));
        reader.Applies(PathOf(key), written is null ? "(not set)" : "(set)", written?.Origin);
        return written?.Value;
    }

    /// <summary>A file or directory. A relative path in a file begins beside that file, any other where the server was started. Null: there is none.</summary>
    public string? File(string key, string? standard = null)
    {
        var written = reader.Find(PathOf(key));
        if (written is { Value: "" })
        {
            Refuse(key, written, "is empty", "leave it out, or name a file");
            written = null;
        }

        var path = written is null ? standard : written.Folder is { } folder ? System.IO.Path.Combine(folder, written.Value!) : written.Value;
        reader.Applies(PathOf(key), path ?? "(not set)", written?.Origin);
        return path;
    }

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool standard) =>
        Read(key, standard, bool.TryParse, "is neither true nor false", "write `true` or `false`", value => value ? "true" : "false");

    /// <summary>A whole number within bounds.</summary>
    public int Number(string key, int standard, int smallest, int largest) => Read(
        key,
        standard,
        (string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= smallest && value <= largest,
        $"is no whole number from {smallest} to {largest}",
        $"write one, for example `{standard}`",
        value => value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A share, from 0 to 1.</summary>
    public double Share(string key, double standard) => Read(
        key,
        standard,
        (string text, out double value) =>
            double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && value is >= 0 and <= 1,
        "is no number from 0 to 1",
        string.Create(CultureInfo.InvariantCulture, $"write one, for example `{standard}`"),
        value => value.ToString(CultureInfo.InvariantCulture));

    /// <summary>The address of a server, without a path. A credential in it is refused and never shown. Null: there is none.</summary>
    public Uri? Url(string key, string example)
    {
        var written = reader.Find(PathOf(key));
        var url = Uri.TryCreate(written?.Value, UriKind.Absolute, out var read) ? read : null;
        if (url is { UserInfo.Length: > 0 })
        {
            reader.Fault($"{PathOf(key)} ({written!.Origin}) holds a credential; write the address without it, for example `{example}`");
            url = null;
        }
        else if (written is not null && (url is null || url.Scheme is not ("http" or "https") || url.PathAndQuery != "/"))
        {
            Refuse(key, written, "is not the address of a server", $"write for example `{example}`");
            url = null;
        }

        reader.Applies(PathOf(key), url?.OriginalString ?? "(not set)", url is null ? null : written!.Origin);
        return url;
    }

    /// <summary>A length of time within bounds: a whole number and <c>ms</c>, <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>.</summary>
    public TimeSpan Duration(string key, TimeSpan standard, TimeSpan shortest, TimeSpan longest) => Read(
        key,
        standard,
        (string text, out TimeSpan value) => DurationSyntax.TryParse(text, out value) && value >= shortest && value <= longest,
        $"is no length of time from {DurationSyntax.Format(shortest)} to {DurationSyntax.Format(longest)}",
        $"write a whole number and `ms`, `s`, `m`, `h` or `d`, for example `{DurationSyntax.Format(standard)}`",
        DurationSyntax.Format);

    /// <summary>One of some values of an enumeration, written in any letter case.</summary>
    public T OneOf<T>(string key, T standard, params IReadOnlyList<T> allowed)
        where T : struct, Enum
    {
        var names = allowed.ToDictionary(value => value.ToString().ToLowerInvariant());
        return Read(
            key,
            standard,
            (string text, out T value) => names.TryGetValue(text.ToLowerInvariant(), out value),
            "is not known",
            $"use one of {string.Join(", ", names.Keys.Select(name => $"`{name}`"))}",
            value => value.ToString().ToLowerInvariant());
    }

    /// <summary>An IP address and a port.</summary>
    public IPEndPoint Address(string key, IPEndPoint standard) => Read(
        key,
        standard,
        TryReadAddress,
        "is no ADDRESS:PORT",
        $"write an IP address and a port, for example `{standard}`; port 0 takes a free one",
        value => value.ToString());

    /// <summary>Several texts: a list in a file, else one text with commas between them.</summary>
    public IReadOnlyList<string> List(string key)
    {
        var written = reader.FindList(PathOf(key));
        foreach (var empty in written.Where(item => item.Value!.Length == 0))
        {
            Refuse(key, empty, "is an empty item", "remove it, or write something");
        }

        reader.Applies(PathOf(key), written.Count == 0 ? "(none)" : string.Join(',', written.Select(item => item.Value)), written.Count == 0 ? null : written[0].Origin);
        return [.. written.Select(item => item.Value!).Where(item => item.Length > 0)];
    }

    private T Read<T>(string key, T standard, TryRead<T> tryRead, string fault, string remedy, Func<T, string> show)
    {
        var written = reader.Find(PathOf(key));
        var value = standard;
        if (written is not null && !tryRead(written.Value!, out value))
        {
            Refuse(key, written, fault, remedy);
            value = standard;
        }

        reader.Applies(PathOf(key), show(value), written?.Origin);
        return value;
    }

    private void Refuse(string key, WrittenSetting written, string fault, string remedy) =>
        reader.Fault($"{PathOf(key)} {Quoted.Text(written.Value)} ({written.Origin}) {fault}; {remedy}");

    private string PathOf(string key) => $"{name}:{key}";

    // The framework also takes a port alone, and an address without one.
    private static bool TryReadAddress(string text, out IPEndPoint address)
    {
        var read = IPEndPoint.TryParse(text, out var parsed)
            && text.Length > 0
            && char.IsAsciiDigit(text[^1])
            && text.LastIndexOf(':') > text.LastIndexOf(']')
            && (text[0] == '[' || text.Contains('.', StringComparison.Ordinal));
        address = parsed ?? new IPEndPoint(IPAddress.None, 0);
        return read;
    }
}
