using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlZero.Load.Echo;

/// <summary>The yardstick: Kestrel and Grpc.AspNetCore as they come, and nothing behind them.</summary>
internal static class EchoServer
{
    /// <summary>Serves on a free port, says which on stdout, and stops when stdin ends: it never outlives who started it.</summary>
    public static async Task<int> RunAsync(int responseBytes, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(EchoMessages.OfSize(responseBytes));
        var app = builder.Build();
        app.MapGrpcService<Service>();
        await app.StartAsync(cancellationToken);

        await Console.Out.WriteLineAsync($"  gRPC    {app.Urls.First()}");
        await Console.In.ReadToEndAsync(cancellationToken);
        await app.StopAsync(CancellationToken.None);
        return 0;
    }

    private sealed class Service(EchoMessage answer) : EchoService.EchoServiceBase
    {
        public override Task<EchoMessage> Echo(EchoMessage request, ServerCallContext context) => Task.FromResult(answer);
    }
}
