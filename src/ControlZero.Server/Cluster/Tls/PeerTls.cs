using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ControlZero.Server.Hosting.Tls;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime.Messaging;

namespace ControlZero.Server.Cluster.Tls;

/// <summary>
/// Puts TLS under one side of Orleans' connections. Both sides show a certificate of the cluster's authority with the cluster's name, or there is no
/// connection: whoever could connect could call any grain.
/// </summary>
/// <param name="credentials">The certificate and authorities in use; each handshake takes the present ones.</param>
/// <param name="name">The DNS name that the other side's certificate must carry.</param>
/// <param name="calls">Whether this side opened the connection.</param>
/// <param name="logger">Hears of what was refused.</param>
internal sealed partial class PeerTls(ServerCredentials credentials, string name, bool calls, ILogger<PeerTls> logger) : IConnectionMiddleware
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        var plain = context.Transport;
        await using var stream = new SslStream(new PipeStream(plain), leaveInnerStreamOpen: true);
        using (var limit = new CancellationTokenSource(HandshakeTimeout))
        {
            try
            {
                await (calls
                    ? stream.AuthenticateAsClientAsync(ForCall(credentials.Current), limit.Token)
                    : stream.AuthenticateAsServerAsync(ForAnswer(credentials.Current), limit.Token));
            }
            catch (Exception failure) when (failure is AuthenticationException or IOException or OperationCanceledException)
            {
                LogRefused(context.RemoteEndPoint, failure.Message);
                context.Abort(new ConnectionAbortedException("the TLS handshake between servers failed", failure));
                throw;
            }
        }

        context.Transport = new StreamTransport(stream);
        try
        {
            await next(context);
        }
        finally
        {
            context.Transport = plain;
        }
    }

    private SslServerAuthenticationOptions ForAnswer(Credentials current) => new()
    {
        ServerCertificateContext = current.Certificate,
        ClientCertificateRequired = true,
        CertificateChainPolicy = current.PeerPolicy(),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = IsServerOfTheCluster,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,

        // A session that is taken up again would pass under an authority that was withdrawn since.
        AllowTlsResume = false,
    };

    private SslClientAuthenticationOptions ForCall(Credentials current) => new()
    {
        TargetHost = name,
        ClientCertificateContext = current.Certificate,
        CertificateChainPolicy = current.PeerPolicy(),
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = IsServerOfTheCluster,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
        AllowTlsResume = false,
    };

    // INVARIANT: of the authority, and by name; a name in the subject alone does not count, whichever side called.
    private bool IsServerOfTheCluster(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None && certificate is X509Certificate2 other && other.MatchesHostname(name, allowCommonName: false);

    [LoggerMessage(EventId = 4201, Level = LogLevel.Warning, Message = "No TLS with {Peer}, which is not connected: {Reason}")]
    private partial void LogRefused(System.Net.EndPoint? peer, string reason);
}
