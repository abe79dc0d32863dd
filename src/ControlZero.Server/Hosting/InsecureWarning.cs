using System.Net;

namespace ControlZero.Server.Hosting;

/// <summary>Says at every start which addresses are served in the clear to others than this machine.</summary>
internal sealed partial class InsecureWarning(ServerOptions options, ILogger<InsecureWarning> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (path, _, address) in options.Listen.Addresses.Where(each => !options.Tls.IsOn && !IPAddress.IsLoopback(each.Address.Address)))
        {
            LogInsecure(path, address);
        }

        if (options.Cluster.IsInsecure)
        {
            LogInsecureSilo(options.Cluster.Silo);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        EventId = 4003,
        Level = LogLevel.Warning,
        Message = "{Setting} {Address} is served without TLS, as Listen:AllowInsecure says: keys and questions cross the network in the clear")]
    private partial void LogInsecure(string setting, IPEndPoint address);

    [LoggerMessage(
        EventId = 4004,
        Level = LogLevel.Warning,
        Message = "Silo {Address} is reached without TLS, as Cluster:AllowInsecure says: whoever the network lets connect to it may call any grain of any tenant")]
    private partial void LogInsecureSilo(IPEndPoint address);
}
