using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>Ports for silos that may have any: Orleans always listens, and takes no port 0.</summary>
internal static class SiloPorts
{
    /// <summary>So many starts, each with another port, before a taken port is believed.</summary>
    public const int Attempts = 10;

    /// <summary>A port that was free a moment ago. Another process may take it before the silo does: <see cref="WasTaken"/>.</summary>
    public static int Free(IPAddress address)
    {
        using var probe = new TcpListener(address, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Whether a start failed because the silo's port was taken. Kestrel says the same of its own ports in another exception around it.</summary>
    public static bool WasTaken(Exception failure) => failure switch
    {
        AddressInUseException => true,
        IOException => false,
        AggregateException several => several.InnerExceptions.Any(WasTaken),
        { InnerException: { } inner } => WasTaken(inner),
        _ => false,
    };
}
