using System.Net.Sockets;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ControlZero.Server.Hosting;

/// <summary>The two ports, and what a connection may take of the server.</summary>
internal static class ListenerExtensions
{
    // A browser that was lured to a name which resolves to loopback sends that name: refused.
    private static readonly string[] LoopbackNames = ["localhost", "127.0.0.1", "[::1]"];

    public static WebApplicationBuilder ConfigureListeners(this WebApplicationBuilder builder, ServerOptions options)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 10_000;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(options.Grpc, listener => listener.Protocols = HttpProtocols.Http2);
            kestrel.Listen(options.Http, listener => listener.Protocols = HttpProtocols.Http1);
        });
        builder.Services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = LoopbackNames);
        return builder;
    }

    /// <summary>Finds a taken port before anything is started, so that it costs one line and not a silo that comes and goes.</summary>
    /// <exception cref="StartupException">Another process listens there, or the address is not this machine's.</exception>
    public static void CheckFree(ServerOptions options)
    {
        foreach (var (name, address) in new[] { ("--grpc", options.Grpc), ("--http", options.Http) })
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
                throw new StartupException($"{address} {why} with {name} ADDRESS:PORT", failure);
            }
        }
    }

    public static WebApplicationBuilder AddLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);

        // A denied, malformed or cancelled call is the caller's affair, not the operator's.
        builder.Logging.AddFilter("Grpc.AspNetCore.Server", LogLevel.Error);

        // With this category on, and nobody reading it, ASP.NET would make an activity and a log scope for every call.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);

        // At its first round Orleans' watchdog takes the machine's uptime for the time a check has been hanging.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        return builder;
    }
}
