using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ControlZero.Integration.Tests.Cluster;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Certificates;

namespace ControlZero.Integration.Tests.FrontDoor;

/// <summary>TLS between two silos and a front door, on both kinds of port.</summary>
[Collection(nameof(Cluster))]
public sealed class PeerTlsTests(PostgresStorage storage) : IClassFixture<PostgresStorage>, IDisposable
{
    private const string Name = "cz-peers";
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";

    private readonly ScratchDirectory _files = new();
    private readonly TestAuthority _authority = new("ours");
    private readonly TestAuthority _other = new("other");

    [Fact]
    public async Task Cluster_WithTls_Serves_AndTalksToNobodyElse_AlsoAfterItsFilesWereRenewed()
    {
        Write(_authority.Peer(Name), _authority.Pem);
        await using var cluster = await FrontDoorCluster.StartAsync(storage, tls: Settings());
        var client = cluster.Connect();
        await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = AllowAll });

        // Agents on both silos, asked through both: every connection there is.
        foreach (var server in new[] { cluster.Silos[0], cluster.Silos[1], cluster.Door })
        {
            foreach (var agent in Enumerable.Range(0, 10))
            {
                var ask = new EnforceRequest { AgentId = $"agent-{agent}", Action = "tool:x" };
                Assert.Equal(Decision.Allow, (await cluster.Connect(server).Enforcement.EnforceAsync(ask)).Decision);
            }
        }

        foreach (var port in new[] { FrontDoorCluster.SiloPort, FrontDoorCluster.GatewayPort })
        {
            Assert.True(await SpeaksAsync(cluster, port, _authority.Peer(Name)));
            Assert.False(await SpeaksAsync(cluster, port, _other.Peer(Name)));
            Assert.False(await SpeaksAsync(cluster, port, _authority.Peer("another-cluster")));
            Assert.False(await SpeaksAsync(cluster, port, certificate: null));
            Assert.False(await SpeaksPlainAsync(cluster, port));
        }

        Write(_authority.Peer(Name, "renewed"), _authority.Pem);
        string? shown = null;
        while (shown != "CN=renewed")
        {
            shown = await ShownAsync(cluster);
        }

        cluster.Silos[1].Kill();
        await cluster.StartSiloAsync(1);
        var status = await client.Cluster.GetStatusAsync(new GetStatusRequest());
        Assert.Equal(2, status.Silos.Count(silo => silo is { Status: "active" }));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
        _files.Dispose();
    }

    private Dictionary<string, string> Settings() => new()
    {
        ["CONTROLZERO__CLUSTER__TLS__CERTIFICATEFILE"] = _files.At("peer.pem"),
        ["CONTROLZERO__CLUSTER__TLS__CAFILE"] = _files.At("ca.pem"),
        ["CONTROLZERO__CLUSTER__TLS__PEERNAME"] = Name,
        ["CONTROLZERO__CLUSTER__TLS__RELOADINTERVAL"] = "100ms",
    };

    // In one file, so that certificate and key are replaced together.
    private void Write(TestCertificate certificate, string authority)
    {
        Replace("ca.pem", authority);
        Replace("peer.pem", $"{certificate.Pem}\n{certificate.KeyPem}");
    }

    private void Replace(string name, string text)
    {
        File.WriteAllText(_files.At($"{name}.new"), text);
        File.Move(_files.At($"{name}.new"), _files.At(name), overwrite: true);
    }

    // Orleans begins by saying who it is. Who was refused hears nothing: the end, or an alert.
    private static async Task<bool> SpeaksAsync(FrontDoorCluster cluster, int port, TestCertificate? certificate)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(cluster.AddressOf(0), port);
        await using var tls = new SslStream(socket.GetStream());
        using var own = certificate?.Open();
        try
        {
            await tls.AuthenticateAsClientAsync(Terms(own));

            // Half a preamble, so that whoever let us in waits for the rest of it.
            await tls.WriteAsync(new byte[1]);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
            return await tls.ReadAsync(new byte[1], patience.Token) > 0;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (Exception failure) when (failure is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static async Task<bool> SpeaksPlainAsync(FrontDoorCluster cluster, int port)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(cluster.AddressOf(0), port);
        var stream = socket.GetStream();
        await stream.WriteAsync(new byte[64]);
        var buffer = new byte[64];
        try
        {
            // An alert of TLS (21) and then the end is what a plain caller gets.
            var read = await stream.ReadAsync(buffer);
            return read > 0 && buffer[0] != 21;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<string> ShownAsync(FrontDoorCluster cluster)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(cluster.AddressOf(0), FrontDoorCluster.SiloPort);
        await using var tls = new SslStream(socket.GetStream());
        using var own = _authority.Peer(Name).Open();
        await tls.AuthenticateAsClientAsync(Terms(own));
        return tls.RemoteCertificate!.Subject;
    }

    private static SslClientAuthenticationOptions Terms(X509Certificate2? own) => new()
    {
        TargetHost = Name,
        ClientCertificates = own is null ? null : [own],
        RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
    };
}
