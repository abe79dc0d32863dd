using System.Security.Authentication;
using ControlZero.Server.Hosting.Tls;
using ControlZero.Testing.Certificates;

namespace ControlZero.Server.Tests.Tls;

public sealed class TlsOptionsTests : IDisposable
{
    private readonly TlsFiles _files = new();

    [Fact]
    public void Files_InPem_AreGood() => Assert.Empty(Faults(_files.ServeMutually(_files.Authority.Server())));

    [Fact]
    public void Files_KeyAndCertificateInOne_AreGood()
    {
        var certificate = _files.Authority.Server();

        Assert.Empty(Faults(new() { CertificateFile = _files.Write("both.pem", $"{certificate.Pem}\n{certificate.KeyPem}") }));
    }

    [Fact]
    public void Files_Pkcs12_AreGoodWithTheirPasswordOnly()
    {
        var file = _files.Write("server.pfx", _files.Authority.Server().Pfx);

        Assert.Empty(Faults(new() { PfxFile = file, PfxPassword = TestCertificate.PfxPassword }));
        Assert.Equal(
            [$"Tls:PfxFile `{file}` holds no certificate with its private key that Tls:PfxPassword opens; check the file and the password"],
            Faults(new() { PfxFile = file, PfxPassword = "hunter2" }));
    }

    [Fact]
    public void Files_ThatAreNotThere_AreEachNamed()
    {
        var options = new TlsOptions { CertificateFile = _files.At("a"), KeyFile = _files.At("b"), ClientCaFile = _files.At("c") };

        Assert.Equal(
            new[] { ("CertificateFile", "a"), ("KeyFile", "b"), ("ClientCaFile", "c") }
                .Select(each => $"Tls:{each.Item1} `{_files.At(each.Item2)}` cannot be read; check the path and its permissions"),
            Faults(options));
    }

    [Fact]
    public void Files_OfGarbage_AreNamed()
    {
        var garbage = _files.Write("garbage.pem", "-----BEGIN CERTIFICATE-----\nnot one\n-----END CERTIFICATE-----\n");

        Assert.Collection(
            Faults(new() { CertificateFile = garbage, KeyFile = garbage, ClientCaFile = garbage }),
            fault => Assert.StartsWith($"Tls:CertificateFile `{garbage}` holds no certificate in PEM form; ", fault, StringComparison.Ordinal),
            fault => Assert.StartsWith($"Tls:ClientCaFile `{garbage}` holds no certificate in PEM form; ", fault, StringComparison.Ordinal));
    }

    [Fact]
    public void Key_OfAnotherCertificate_IsRefused()
    {
        var options = _files.Serve(_files.Authority.Server());
        var other = _files.Write("other.key", _files.Authority.Server().KeyPem);

        var fault = Assert.Single(Faults(options with { KeyFile = other }));

        Assert.StartsWith($"Tls:KeyFile `{other}` holds no private key, in PEM form and not encrypted, that belongs to the certificate; ", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-20, -1)]
    [InlineData(1, 20)]
    public void Certificate_OutOfItsTime_IsRefused(int begin, int end)
    {
        var now = TimeProvider.System.GetUtcNow();

        var fault = Assert.Single(Faults(_files.Serve(_files.Authority.Server(begin: now.AddDays(begin), end: now.AddDays(end)))));

        Assert.Contains("every client would refuse it: renew it, or set the clock", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_ThatContradictEachOther_AreEachNamed()
    {
        Assert.Equal(
            ["Tls:CertificateFile `a` and Tls:PfxFile `b` say the same thing twice; give one of them"],
            Faults(new() { CertificateFile = "a", PfxFile = "b" }));
        Assert.Equal(
            [
                "Tls:KeyFile `a` is the key of no certificate; give Tls:CertificateFile too, or leave it out",
                "Tls:PfxPassword is the password of no file; give Tls:PfxFile too, or leave it out",
                "Tls:ClientCaFile `b` needs TLS; give the server's certificate with Tls:CertificateFile and Tls:KeyFile",
            ],
            Faults(new() { KeyFile = "a", PfxPassword = "hunter2", ClientCaFile = "b" }));
        Assert.Equal(
            [
                "Tls:HttpNeedsClientCertificate `false` is an exception to client certificates, and none are asked for; "
                    + "give Tls:ClientCaFile, or leave it out",
            ],
            Faults(new() { HttpNeedsClientCertificate = false }));
    }

    [Fact]
    public void Handshake_OfAnyKind_IsTls12OrNewer()
    {
        var (credentials, _, _) = CertificateFiles.Read(_files.Serve(_files.Authority.Server()), TimeProvider.System);

        Assert.Equal(SslProtocols.Tls12 | SslProtocols.Tls13, credentials!.ForConnection(needsClientCertificate: true).EnabledSslProtocols);
    }

    public void Dispose() => _files.Dispose();

    private static IEnumerable<string> Faults(TlsOptions options) => options.Faults(TimeProvider.System);
}
