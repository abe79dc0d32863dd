using System.Net;
using ControlZero.Engine.Diagnostics;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Hosting;

/// <summary>Where the server listens, and who may reach it how.</summary>
internal sealed record ListenOptions
{
    /// <summary>The section: <c>Listen</c>.</summary>
    public const string SectionName = "Listen";

    /// <summary>Where gRPC listens, HTTP/2 only. Default: <c>127.0.0.1:5050</c>; port 0 takes a free one.</summary>
    public IPEndPoint Grpc { get; init; } = new(IPAddress.Loopback, 5050);

    /// <summary>Where HTTP/1.1 listens: health. Default: <c>127.0.0.1:5051</c>; port 0 takes a free one.</summary>
    public IPEndPoint Http { get; init; } = new(IPAddress.Loopback, 5051);

    /// <summary>
    /// True: an address that is not loopback may be served without TLS, so keys and questions cross the network in the clear; each start warns of
    /// it. Default: false, such a server does not start.
    /// </summary>
    public bool AllowInsecure { get; init; }

    /// <summary>
    /// How many gRPC calls may be under way at a time, open streams among them; one more is <c>RESOURCE_EXHAUSTED</c> (<c>SERVER_OVERLOADED</c>), and the
    /// server is not ready for the next five seconds. Default: 10,000; 1 to 1,000,000.
    /// </summary>
    public int MaxCalls { get; init; } = 10_000;

    /// <summary>
    /// The names the server may be asked under (the <c>Host</c> header without its port), <c>*.example.com</c> for all below one, <c>*</c> for any;
    /// another name is answered 400. Default: <c>localhost</c>, <c>127.0.0.1</c> and <c>[::1]</c> while both addresses are loopback, else any.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Both addresses with the settings and options that name them.</summary>
    public IEnumerable<(string Path, string Option, IPEndPoint Address)> Addresses =>
    [
        ($"{SectionName}:{nameof(Grpc)}", "--grpc", Grpc),
        ($"{SectionName}:{nameof(Http)}", "--http", Http),
    ];

    /// <summary>Reads the section.</summary>
    public static ListenOptions Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new ListenOptions());
        return new()
        {
            Grpc = section.Address(nameof(Grpc), standard.Grpc),
            Http = section.Address(nameof(Http), standard.Http),
            AllowInsecure = section.Flag(nameof(AllowInsecure), standard.AllowInsecure),
            AllowedHosts = section.List(nameof(AllowedHosts)),
            MaxCalls = section.Number(nameof(MaxCalls), standard.MaxCalls, 1, 1_000_000),
        };
    }

    /// <summary>What is wrong with it.</summary>
    /// <param name="tls">Whether both ports speak TLS.</param>
    public IEnumerable<string> Faults(bool tls)
    {
        foreach (var (path, _, address) in Addresses.Where(each => !tls && !AllowInsecure && !IPAddress.IsLoopback(each.Address.Address)))
        {
            yield return $"{path} `{address}` is not a loopback address, and there is no TLS; give a certificate with Tls:CertificateFile and "
                + "Tls:KeyFile, or say Listen:AllowInsecure=true (--allow-insecure) to let keys cross the network in the clear";
        }

        if (Grpc.Port != 0 && Grpc.Port == Http.Port && (Grpc.Address.Equals(Http.Address) || IsAny(Grpc) || IsAny(Http)))
        {
            yield return $"Listen:Grpc `{Grpc}` and Listen:Http `{Http}` are the same port; give them different ones (--grpc, --http)";
        }

        foreach (var host in AllowedHosts.Where(host => !IsHost(host)))
        {
            yield return $"Listen:AllowedHosts {Quoted.Text(host)} is no name of a host; write it without scheme, port or path, for example "
                + "`decisions.example.com`, `*.example.com`, or `*` for any";
        }
    }

    private static bool IsAny(IPEndPoint address) => address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any);

    private static bool IsHost(string host) =>
        host == "*" || Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) != UriHostNameType.Unknown;
}
