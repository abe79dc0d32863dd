using System.Net;
using System.Net.Sockets;
using ControlZero.Server.Audit;
using ControlZero.Server.Hosting.Tls;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace ControlZero.Server.Hosting;

/// <summary>The two ports, and what a connection may take of the server.</summary>
internal static class ListenerExtensions
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    // A browser that was lured to a name which resolves to loopback sends that name: refused.
    private static readonly string[] LoopbackNames = ["localhost", "127.0.0.1", "[::1]"];

    public static WebApplicationBuilder ConfigureListeners(this WebApplicationBuilder builder, ServerOptions options)
    {
        if (options.Tls.IsOn)
        {
            builder.Services.AddSingleton(options.Tls);
            builder.Services.AddSingleton(services => new ServerCredentials(
                options.Tls, TimeProvider.System, services.GetRequiredService<ILogger<ServerCredentials>>()));
            builder.Services.AddHostedService(services => services.GetRequiredService<ServerCredentials>());
        }

        builder.Services.AddHostedService<InsecureWarning>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 10_000;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(options.Listen.Grpc, listener =>
            {
                listener.Speak(HttpProtocols.Http2, needsClientCertificate: true);
                if (options.Audit.WaitsForDisk)
                {
                    listener.UseAnswerGate();
                }
            });
            kestrel.Listen(options.Listen.Http, listener => listener.Speak(HttpProtocols.Http1, options.Tls.HttpNeedsClientCertificate));
        });
        builder.Services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = [.. Hosts(options.Listen)]);
        return builder;
    }

    /// <summary>True when the request came in by the HTTP port, false when by that of gRPC.</summary>
    public static bool IsHttpPort(HttpContext http)
    {
        var bound = http.RequestServices.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Last();
        return http.Connection.LocalPort == BindingAddress.Parse(bound).Port;
    }

    /// <summary>Finds a taken port before anything is started, so that it costs one line and not a silo that comes and goes.</summary>
    /// <exception cref="StartupException">Another process listens there, or the address is not this machine's.</exception>
    public static void CheckFree(ServerOptions options)
    {
        foreach (var (_, option, address) in options.Listen.Addresses)
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(address);
            }
            catch (SocketException failure)
            {
                var why = failure.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? "is taken by another process; stop that one, or choose another port"
                    : $"cannot be listened on ({failure.Message}); choose another address";
                throw new StartupException($"{address} {why} with {option} ADDRESS:PORT", failure);
            }
        }
    }

    private static void Speak(this Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions listener, HttpProtocols protocols, bool needsClientCertificate)
    {
        listener.Protocols = protocols;
        if (listener.ApplicationServices.GetService<ServerCredentials>() is { } credentials)
        {
            listener.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = HandshakeTimeout,
                OnConnection = _ => new(credentials.Current.ForConnection(needsClientCertificate)),
            });
        }
    }

    private static IEnumerable<string> Hosts(ListenOptions listen) =>
        listen.AllowedHosts.Count > 0 ? listen.AllowedHosts
        : listen.Addresses.All(each => IPAddress.IsLoopback(each.Address.Address)) ? LoopbackNames
        : ["*"];
}
