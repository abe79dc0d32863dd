using ControlZero.Server.Cluster.Setups;
using ControlZero.Server.Cluster.Tls;
using ControlZero.Server.Tests.Configuration;
using ControlZero.Testing.Certificates;

namespace ControlZero.Server.Tests.Tls;

public sealed class ClusterTlsOptionsTests : IDisposable
{
    private readonly TlsFiles _files = new();

    [Fact]
    public void Files_OfAPeer_AreAccepted() => Assert.Empty(Faults(Options(_files.Authority.Peer("controlzero"))));

    [Fact]
    public void Files_UnderANameOfTheirOwn_AreAcceptedWithPeerName() =>
        Assert.Empty(Faults(Options(_files.Authority.Peer("silo.example.com")) with { PeerName = "silo.example.com" }));

    [Fact]
    public void Certificate_WithoutTheClustersName_IsRefusedByName() => Assert.StartsWith(
        "Cluster:Tls:CertificateFile holds a certificate without the DNS name `controlzero`, ",
        Assert.Single(Faults(Options(_files.Authority.Peer("other")))),
        StringComparison.Ordinal);

    [Fact]
    public void Certificate_ForServersOnly_IsRefused() => Assert.StartsWith(
        "Cluster:Tls:CertificateFile holds a certificate that the other servers refuse, as one for clients ",
        Assert.Single(Faults(Options(_files.Authority.Server()) with { PeerName = "localhost" })),
        StringComparison.Ordinal);

    [Fact]
    public void Certificate_OfAnotherAuthority_IsRefused()
    {
        using var other = new TestAuthority("other");

        var faults = Faults(Options(other.Peer("controlzero")));

        Assert.Equal(2, faults.Count);
        Assert.All(faults, fault => Assert.Contains(" of an authority in Cluster:Tls:CaFile (", fault, StringComparison.Ordinal));
    }

    [Fact]
    public void Certificate_WithoutAuthority_OrAuthorityWithoutCertificate_IsRefused()
    {
        var whole = Options(_files.Authority.Peer("controlzero"));

        Assert.Contains("give Cluster:Tls:CaFile", Assert.Single(Faults(whole with { CaFile = null })), StringComparison.Ordinal);
        Assert.Equal(2, Faults(whole with { CertificateFile = null }).Count);
    }

    [Fact]
    public void File_ThatCannotBeRead_IsNamedWithItsSetting() => Assert.StartsWith(
        "Cluster:Tls:CaFile ", Assert.Single(Faults(Options(_files.Authority.Peer("controlzero")) with { CaFile = _files.At("none") })), StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1:11111", false, false, 0)]
    [InlineData("10.0.0.7:11111", false, false, 1)]
    [InlineData("10.0.0.7:11111", true, false, 0)]
    [InlineData("10.0.0.7:11111", false, true, 0)]
    public void Silo_BeyondLoopback_WantsTlsOrAPlainWord(string silo, bool allowInsecure, bool tls, int faults)
    {
        using var settings = new Settings();
        settings.Options["Cluster:Setup"] = "postgres";
        settings.Options["Postgres:Connection"] = "Host=db";
        settings.Options["Cluster:Silo"] = silo;
        if (allowInsecure)
        {
            settings.Options["Cluster:AllowInsecure"] = "true";
        }

        if (tls)
        {
            var files = Options(_files.Authority.Peer("controlzero"));
            settings.Options["Cluster:Tls:CertificateFile"] = files.CertificateFile!;
            settings.Options["Cluster:Tls:KeyFile"] = files.KeyFile!;
            settings.Options["Cluster:Tls:CaFile"] = files.CaFile!;
        }

        var read = settings.Read().Faults;

        Assert.Equal(faults, read.Count);
        Assert.All(read, fault => Assert.StartsWith("Cluster:Silo `10.0.0.7:11111` is not a loopback address, and whoever connects ", fault, StringComparison.Ordinal));
    }

    public void Dispose() => _files.Dispose();

    private static List<string> Faults(ClusterTlsOptions options) => [.. options.Faults(new ClusterSettings().Id, TimeProvider.System)];

    private ClusterTlsOptions Options(TestCertificate certificate) => new()
    {
        CertificateFile = _files.Write("peer.pem", certificate.Pem),
        KeyFile = _files.Write("peer.key", certificate.KeyPem),
        CaFile = _files.Write("ca.pem", _files.Authority.Pem),
    };
}
