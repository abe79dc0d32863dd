using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace ControlZero.Server.Hosting.Tls;

/// <summary>What handshakes are made with: the server's certificate, and the authorities of its callers. Immutable; connections keep theirs.</summary>
/// <param name="Certificate">The server's certificate with its key and the intermediate ones.</param>
/// <param name="ClientAuthorities">Whose client certificates are accepted. Null: none are asked for.</param>
/// <param name="Digest">What the files held.</param>
internal sealed record Credentials(SslStreamCertificateContext Certificate, X509Certificate2Collection? ClientAuthorities, string Digest)
{
    /// <summary>The terms of one handshake.</summary>
    /// <param name="needsClientCertificate">Whether this port asks callers for a certificate, if any does.</param>
    public SslServerAuthenticationOptions ForConnection(bool needsClientCertificate)
    {
        var terms = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = Certificate,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
        };
        if (ClientAuthorities is not null && needsClientCertificate)
        {
            terms.ClientCertificateRequired = true;
            terms.CertificateRevocationCheckMode = X509RevocationMode.NoCheck;
            terms.CertificateChainPolicy = PeerPolicy();
        }

        return terms;
    }

    /// <summary>Who is believed: certificates of these authorities and no others. No revocation lists are fetched.</summary>
    public X509ChainPolicy PeerPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(ClientAuthorities!);
        return policy;
    }
}
