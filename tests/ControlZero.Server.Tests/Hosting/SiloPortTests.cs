using System.Net;
using System.Net.Sockets;
using ControlZero.Server.Cluster.Setups;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Tests.Hosting;

/// <summary>Between picking a free port and listening on it another process may take it.</summary>
public sealed class SiloPortTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-ports-");
    private readonly TcpListener _taken = new(IPAddress.Loopback, 0);

    [Fact]
    public async Task Start_PickedPortWasTaken_StartsOnAnother()
    {
        var picks = 0;

        await using var host = await StartAsync(() => ++picks <= 2 ? Taken() : SiloPorts.Free(IPAddress.Loopback));

        Assert.True(picks >= 3, $"{picks} ports were picked");
    }

    [Fact]
    public async Task Start_EveryPortIsTaken_SaysSo()
    {
        var port = Taken();

        var refusal = await Assert.ThrowsAsync<StartupException>(() => StartAsync(() => port));

        Assert.StartsWith($"port {port} of the silo is taken by another process; ", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _taken.Dispose();
        _directory.Delete(recursive: true);
    }

    private int Taken()
    {
        _taken.Start();
        return ((IPEndPoint)_taken.LocalEndpoint).Port;
    }

    private Task<ServerHost> StartAsync(Func<int> freePort) => ServerHost.StartAsync(
        new ServerOptions
        {
            Data = new DataOptions { Directory = Path.Combine(_directory.FullName, "data") },
            Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0) },
        },
        CancellationToken.None,
        freePort: freePort);
}
