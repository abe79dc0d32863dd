using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ControlZero.Servers.Network;

/// <summary>What becomes of connections.</summary>
public enum ProxyFault
{
    /// <summary>They are forwarded.</summary>
    None = 0,

    /// <summary>Those there are end, new ones are refused.</summary>
    Refused = 1,

    /// <summary>They are taken, and whatever is sent is swallowed without an answer: the fault that time-outs are for.</summary>
    BlackHole = 2,

    /// <summary>They are forwarded, some kilobytes a second.</summary>
    Slow = 3,
}

/// <summary>Stands between a client and a server on this machine, at a port of its own, and does harm when it is told to.</summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private const int BlockBytes = 16 * 1024;

    // Of a slow connection: 16 KiB each 250 ms.
    private static readonly TimeSpan SlowPause = TimeSpan.FromMilliseconds(250);

    private readonly EndPoint _target;
    private readonly ConcurrentDictionary<Socket, bool> _open = new();
    private readonly CancellationTokenSource _end = new();
    private Socket _listener;
    private Task _accepting;
    private volatile ProxyFault _fault;

    /// <summary>Begins to listen, and forwards.</summary>
    /// <param name="target">An address, or the path of a socket.</param>
    public FaultProxy(EndPoint target)
    {
        _target = target;
        _listener = Listen(new IPEndPoint(IPAddress.Loopback, 0));
        Address = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Connections that were taken so far.</summary>
    public int Taken { get; private set; }

    /// <summary>Changes what becomes of connections. Those that exist end: bytes of theirs may have been swallowed.</summary>
    public async Task SetAsync(ProxyFault fault)
    {
        var was = _fault;
        _fault = fault;
        if (fault == ProxyFault.Refused && was != fault)
        {
            _listener.Dispose();
            await _accepting;
        }
        else if (was == ProxyFault.Refused && fault != was)
        {
            _listener = Listen(Address);
            _accepting = AcceptAsync(_listener);
        }

        EndAll();
    }

    /// <summary>Ends all connections and listens no more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        EndAll();
        _end.Dispose();
    }

    private static Socket Listen(IPEndPoint at)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(at);
        listener.Listen();
        return listener;
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptAsync(_end.Token));
                Taken++;
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(_target.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        _open[client] = _open[server] = true;
        try
        {
            if (_fault == ProxyFault.BlackHole)
            {
                await CopyAsync(client, server);
            }
            else
            {
                await server.ConnectAsync(_target, _end.Token);
                await Task.WhenAny(CopyAsync(client, server), CopyAsync(server, client));
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One of the two is gone.
        }
        finally
        {
            _open.TryRemove(client, out _);
            _open.TryRemove(server, out _);
            client.Dispose();
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var block = new byte[BlockBytes];
        while (await from.ReceiveAsync(block, _end.Token) is var read and > 0)
        {
            if (_fault == ProxyFault.BlackHole)
            {
                continue;
            }

            if (_fault == ProxyFault.Slow)
            {
                await Task.Delay(SlowPause, TimeProvider.System, _end.Token);
            }

            for (var sent = 0; sent < read;)
            {
                sent += await to.SendAsync(block.AsMemory(sent, read - sent), _end.Token);
            }
        }
    }

    private void EndAll()
    {
        foreach (var socket in _open.Keys)
        {
            socket.Dispose();
        }
    }
}
