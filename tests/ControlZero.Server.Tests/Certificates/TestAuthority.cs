using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ControlZero.Testing.Certificates;

/// <summary>A certificate authority of one test's own.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private static readonly DateTimeOffset Begin = TimeProvider.System.GetUtcNow().AddDays(-30);
    private static readonly DateTimeOffset End = Begin.AddYears(1);

    private readonly X509Certificate2 _own;

    /// <summary>A root that signs itself.</summary>
    public TestAuthority(string name = "root")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _own = Request(name, key, authority: true).CreateSelfSigned(Begin, End);
    }

    private TestAuthority(X509Certificate2 own) => _own = own;

    /// <summary>Its own certificate.</summary>
    public string Pem => _own.ExportCertificatePem();

    /// <summary>An authority that this one vouches for.</summary>
    public TestAuthority Intermediate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = Request(name, key, authority: true).Create(_own, Begin, End, Serial());
        return new TestAuthority(signed.CopyWithPrivateKey(key));
    }

    /// <summary>A server on this machine, under loopback names.</summary>
    /// <param name="name">Its common name, by which a test tells certificates apart.</param>
    /// <param name="begin">From when it is good. Null: since a month.</param>
    /// <param name="end">Until when. Null: for months.</param>
    public TestCertificate Server(string name = "server", DateTimeOffset? begin = null, DateTimeOffset? end = null) =>
        Issue(name, ServerUse, begin ?? Begin, end ?? End);

    /// <summary>A caller.</summary>
    public TestCertificate Client(string name = "client") => Issue(name, ClientUse, Begin, End);

    /// <summary>A server of a cluster: it calls others and is called.</summary>
    /// <param name="dnsName">The name that the cluster's servers know each other by.</param>
    /// <param name="name">Its common name, by which a test tells certificates apart.</param>
    public TestCertificate Peer(string dnsName, string name = "peer") => Issue(name, [ServerUse, ClientUse], Begin, End, dnsName);

    public void Dispose() => _own.Dispose();

    private TestCertificate Issue(string name, string use, DateTimeOffset begin, DateTimeOffset end) => Issue(name, [use], begin, end, "localhost");

    private TestCertificate Issue(string name, string[] uses, DateTimeOffset begin, DateTimeOffset end, string dnsName)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(name, key, authority: false);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses.Select(use => new Oid(use))], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(dnsName);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(_own, begin, end, Serial());
        using var whole = signed.CopyWithPrivateKey(key);
        return new TestCertificate(signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), whole.Export(X509ContentType.Pkcs12, TestCertificate.PfxPassword));
    }

    private static CertificateRequest Request(string name, ECDsa key, bool authority)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority, hasPathLengthConstraint: false, 0, critical: true));
        return request;
    }

    private static byte[] Serial() => RandomNumberGenerator.GetBytes(12);
}

/// <summary>A certificate with its key.</summary>
/// <param name="Pem">The certificate.</param>
/// <param name="KeyPem">Its private key.</param>
/// <param name="Pfx">Both, opened by <see cref="PfxPassword"/>.</param>
internal sealed record TestCertificate(string Pem, string KeyPem, byte[] Pfx)
{
    /// <summary>Opens <see cref="Pfx"/>.</summary>
    public const string PfxPassword = "s3cr3t-of-the-file";

    /// <summary>The certificate with its key, to be presented in a handshake.</summary>
    public X509Certificate2 Open() => X509CertificateLoader.LoadPkcs12(Pfx, PfxPassword);
}
