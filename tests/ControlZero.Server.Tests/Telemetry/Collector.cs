using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlZero.Server.Tests.Telemetry;

/// <summary>An OpenTelemetry collector that keeps the bytes it is sent: over gRPC, and as protobuf over HTTP.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly List<(string Signal, byte[] Body)> _received = [];

    private Collector(WebApplication app) => _app = app;

    public Uri Grpc { get; private set; } = null!;

    public Uri Http { get; private set; } = null!;

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhostFree(HttpProtocols.Http2);
            kestrel.ListenLocalhostFree(HttpProtocols.Http1);
        });
        var app = builder.Build();
        var collector = new Collector(app);
        app.Run(collector.TakeAsync);
        await app.StartAsync();
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        (collector.Grpc, collector.Http) = (new Uri(bound[0]), new Uri(bound[1]));
        return collector;
    }

    /// <summary>True when such a text came, with that signal or any.</summary>
    public bool Holds(string text, string? signal = null)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        lock (_gate)
        {
            return _received.Exists(entry => (signal is null || entry.Signal == signal) && entry.Body.AsSpan().IndexOf(bytes) >= 0);
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var path = http.Request.Path.Value!;
        lock (_gate)
        {
            _received.Add((Signal(path), body.ToArray()));
        }

        if (http.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
        {
            http.Response.ContentType = "application/grpc";
            http.Response.DeclareTrailer("grpc-status");
            await http.Response.Body.WriteAsync(new byte[5]);
            http.Response.AppendTrailer("grpc-status", "0");
        }
    }

    private static string Signal(string path) => path switch
    {
        "/v1/metrics" or "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => "metrics",
        "/v1/traces" or "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => "traces",
        "/v1/logs" or "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => "logs",
        _ => path,
    };
}

file static class KestrelPorts
{
    public static void ListenLocalhostFree(this KestrelServerOptions kestrel, HttpProtocols protocols) =>
        kestrel.Listen(System.Net.IPAddress.Loopback, 0, listener => listener.Protocols = protocols);
}
