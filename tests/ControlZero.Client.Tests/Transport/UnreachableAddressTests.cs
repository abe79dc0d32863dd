using System.Net;
using System.Net.Sockets;
using ControlZero.Client.Routing;
using ControlZero.Protocol.V1;

namespace ControlZero.Client.Tests.Transport;

/// <summary>An address that lets connections hang, as a host behind a firewall that drops packets does.</summary>
public sealed class UnreachableAddressTests : SeveralServersTest
{
    [Fact]
    public async Task Check_ConnectionThatHangs_LeavesTimeForAnotherAddress()
    {
        AllAllow();
        using var hanging = new HangingAddress();
        var client = Client($"{hanging.Url},{Servers[0].Url}", configure: options => options.MaxAttempts = 10);
        var agent = Enumerable.Range(0, int.MaxValue).Select(index => $"agent-{index}").First(agent =>
            Score(hanging.Url, agent) > Score(Servers[0].Url, agent));

        var decision = await client.CheckAsync(About(agent)).WaitAsync(2 * Patience);

        Assert.Equal((true, DecisionSource.Server), (decision.Allowed, decision.Source));
    }

    [Fact]
    public async Task Administration_ConnectionThatHangs_GoesToAnotherAddress()
    {
        Servers[0].On<ListPoliciesRequest>(_ => new ListPoliciesResponse());
        using var hanging = new HangingAddress();
        var client = Client($"{hanging.Url},{Servers[0].Url}", configure: options => options.MaxAttempts = 10);

        await client.Policies.ListPoliciesAsync(new ListPoliciesRequest()).ResponseAsync.WaitAsync(2 * Patience);

        Assert.Single(Servers[0].Calls);
    }

    private static uint Score(string url, string agent) => Rendezvous.Score(Rendezvous.Seed(new Uri(url).Authority), Rendezvous.Seed(agent));

    /// <summary>A listener that accepts nobody and whose queue is full: the system lets further connections wait.</summary>
    private sealed class HangingAddress : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly Socket[] _queue = [.. Enumerable.Range(0, 4).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))];

        public HangingAddress()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(0);
            _queue[0].Connect(_listener.LocalEndPoint!);
            foreach (var waiting in _queue.Skip(1))
            {
                var connect = new SocketAsyncEventArgs { RemoteEndPoint = _listener.LocalEndPoint };
                waiting.ConnectAsync(connect);
            }
        }

        public string Url => $"http://{_listener.LocalEndPoint}";

        public void Dispose()
        {
            Array.ForEach(_queue, socket => socket.Dispose());
            _listener.Dispose();
        }
    }
}
