using System.Net;
using System.Net.Sockets;
using System.Text;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;

namespace ControlZero.Client.Tests.Transport;

public sealed class ChannelTests : ClientTest
{
    [Theory]
    [InlineData("http", "PRI * HTTP/2.0")]
    [InlineData("https", "\u0016\u0003")]
    public async Task Channel_Scheme_DecidesBetweenPlainHttp2AndTls(string scheme, string firstBytes)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new ControlZeroClient(
            new() { Url = $"{scheme}://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", ApiKey = Key, AgentId = "a", MaxAttempts = 1, Timeout = WatchedClock.Patience },
            null,
            Environment(),
            () => 0);

        var check = client.CheckAsync("x");
        using var connection = await listener.AcceptTcpClientAsync();
        var bytes = new byte[firstBytes.Length];
        await connection.GetStream().ReadExactlyAsync(bytes);
        connection.Close();
        listener.Stop();

        Assert.Equal(firstBytes, Encoding.Latin1.GetString(bytes));
        Assert.False((await check).Allowed);
    }

    [Fact]
    public async Task Client_ManyCalls_ShareOneConnection()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow()).On<GetStatusRequest>(_ => Answers.Status());
        var client = Client();

        await client.InitializeAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.CheckAsync("x")));

        Assert.Equal(1, Cluster.Connections);
    }

    [Fact]
    public async Task Client_ServerThatComesBack_IsFound()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());
        var client = Client();
        await client.CheckAsync("x");
        Cluster.GoDown();
        var down = await client.CheckAsync("x");

        Cluster.ComeBack();
        using var patience = new CancellationTokenSource(WatchedClock.Patience, TimeProvider.System);
        EnforceDecision back;
        do
        {
            back = await client.CheckAsync("x", cancellationToken: patience.Token);
        }
        while (back.Source == DecisionSource.Client);

        Assert.Equal((false, true), (down.Allowed, back.Allowed));
    }

    [Fact]
    public async Task EveryCall_CarriesTheKeyAndADeadline()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow()).On<ListPoliciesRequest>(_ => new ListPoliciesResponse());
        var client = Client();

        await client.CheckAsync("x");
        await client.Policies.ListPoliciesAsync(new ListPoliciesRequest(), new Grpc.Core.Metadata { { "x-of-the-program", "kept" } });

        Assert.All(Cluster.Calls, call => Assert.Equal($"Bearer {Key}", call.Headers.GetValue("authorization")));
        Assert.All(Cluster.Calls, call => Assert.NotEqual(DateTime.MaxValue, call.Deadline));
        Assert.Equal("kept", Cluster.Calls[1].Headers.GetValue("x-of-the-program"));
    }

    [Fact]
    public async Task Dispose_ThenCheck_Throws()
    {
        var client = Client();

        await client.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.CheckAsync("x"));
    }
}
