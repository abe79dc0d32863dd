using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using ControlZero.Protocol.V1;
using ControlZero.Server.Hosting;
using ControlZero.Server.Hosting.Tls;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Server.Tests.Hosting;

/// <summary>A whole server of one test's own, with its own settings, on free ports.</summary>
internal sealed class ConfiguredServer : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _directory;
    private readonly ServerHost _host;

    private ConfiguredServer(DirectoryInfo directory, ServerHost host)
    {
        _directory = directory;
        _host = host;
        var (grpc, http) = Greeting.Addresses(host);
        (Grpc, Http) = (new Uri(grpc), new Uri(http));
    }

    public Uri Grpc { get; }

    public Uri Http { get; }

    /// <summary>What it runs on.</summary>
    public IServiceProvider Services => _host.App.Services;

    /// <summary>What it makes handshakes with, when it speaks TLS.</summary>
    public ServerCredentials Credentials => _host.App.Services.GetRequiredService<ServerCredentials>();

    public static async Task<ConfiguredServer> StartAsync(
        TlsOptions? tls = null, ListenOptions? listen = null, Action<IServiceCollection>? alsoAdd = null)
    {
        var directory = Directory.CreateTempSubdirectory("cz-configured-");
        var options = new ServerOptions
        {
            Data = new DataOptions { Directory = Path.Combine(directory.FullName, "data") },
            Listen = (listen ?? new ListenOptions()) with { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0) },
            Tls = tls ?? new TlsOptions(),
        };
        return new ConfiguredServer(directory, await ServerHost.StartAsync(options, CancellationToken.None, alsoAdd));
    }

    /// <summary>A call over a connection of its own, by somebody who trusts only this authority and presents this certificate.</summary>
    public async Task<GetStatusResponse> CallAsync(string trusted, X509Certificate2? certificate = null)
    {
        using var channel = GrpcChannel.ForAddress(Grpc, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { SslOptions = Terms(trusted, certificate), UseProxy = false },
            DisposeHttpClient = true,
        });
        var key = new Metadata { { "authorization", $"Bearer {_host.Data.ReadAdminKey()!.Text}" } };
        return await new ClusterService.ClusterServiceClient(channel).GetStatusAsync(
            new GetStatusRequest(), key, deadline: TimeProvider.System.GetUtcNow().Add(Bound).UtcDateTime);
    }

    /// <summary>What health is answered with over a connection of its own.</summary>
    public async Task<HttpStatusCode> HealthAsync(string trusted, X509Certificate2? certificate = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = Terms(trusted, certificate), UseProxy = false }) { Timeout = Bound };
        using var answer = await client.GetAsync(new Uri(Http, "/health/live"));
        return answer.StatusCode;
    }

    /// <summary>The common name of the certificate that a new connection gets.</summary>
    public async Task<string> CommonNameAsync(string trusted, X509Certificate2 certificate)
    {
        using var bound = new CancellationTokenSource(Bound);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(Grpc.Host, Grpc.Port, bound.Token);
        await using var tls = new SslStream(tcp.GetStream());
        var terms = Terms(trusted, certificate);
        terms.TargetHost = "localhost";
        await tls.AuthenticateAsClientAsync(terms, bound.Token);
        return tls.RemoteCertificate!.Subject["CN=".Length..];
    }

    public async ValueTask DisposeAsync()
    {
        await _host.App.StopAsync();
        await _host.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private static SslClientAuthenticationOptions Terms(string trusted, X509Certificate2? certificate)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(trusted);
        return new()
        {
            CertificateChainPolicy = policy,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        };
    }
}
