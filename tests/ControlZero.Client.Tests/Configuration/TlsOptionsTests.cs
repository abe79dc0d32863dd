using ControlZero.Client.Configuration;
using ControlZero.Testing.Certificates;

namespace ControlZero.Client.Tests.Configuration;

public sealed class TlsOptionsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cz-client-tls-");
    private readonly TestAuthority _authority = new();

    [Fact]
    public void Files_ThatBelongTogether_AreFine()
    {
        var client = _authority.Client();

        Assert.Empty(Faults(new() { CaFile = Write("ca", _authority.Pem), ClientCertificateFile = Write("cert", client.Pem), ClientKeyFile = Write("key", client.KeyPem) }));
        Assert.Empty(Faults(new() { ClientCertificateFile = Write("both", $"{client.Pem}\n{client.KeyPem}") }));
    }

    [Fact]
    public void Files_Useless_AreEachNamed()
    {
        var garbage = Write("garbage", "garbage");
        var other = Write("other", _authority.Client().KeyPem);

        Assert.Equal(
            [
                $"CaFile: `{garbage}` cannot be read or holds no certificate in PEM form; check the path, its permissions and what is in it",
                "ClientCertificateFile: `/missing` cannot be read or holds no certificate in PEM form; check the path, its permissions and what is in it",
            ],
            Faults(new() { CaFile = garbage, ClientCertificateFile = "/missing" }));
        Assert.StartsWith(
            $"ClientKeyFile: `{other}` holds no private key",
            Assert.Single(Faults(new() { ClientCertificateFile = Write("cert", _authority.Client().Pem), ClientKeyFile = other })),
            StringComparison.Ordinal);
        Assert.StartsWith($"ClientKeyFile: `{other}` is the key of no certificate; ", Assert.Single(Faults(new() { ClientKeyFile = other })), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_ForAnAddressInTheClear_AreRefused()
    {
        var fault = Assert.Single(Faults(new() { Url = "http://127.0.0.1:5050", CaFile = Write("ca", _authority.Pem) }));

        Assert.Contains("is for TLS, and the address is not https; write `https://host:port`", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Environment_NamesTheFiles_ForHttpsOnly()
    {
        var environment = ClientTest.Environment(
            ("CONTROLZERO_CA_FILE", "/ca"), ("CONTROLZERO_CLIENT_CERTIFICATE_FILE", "/cert"), ("CONTROLZERO_CLIENT_KEY_FILE", "/key"));

        Assert.Equal(("/ca", "/cert", "/key"), FilesOf(environment.Fill(new() { Url = "https://cluster:1" })));
        Assert.Equal((null, null, null), FilesOf(environment.Fill(new() { Url = "http://cluster:1" })));
        Assert.Equal(("/mine", "/cert", "/key"), FilesOf(environment.Fill(new() { Url = "https://cluster:1", CaFile = "/mine" })));
        Assert.Equal(("/ca", "/mine", null), FilesOf(environment.Fill(new() { Url = "https://cluster:1", ClientCertificateFile = "/mine" })));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static IEnumerable<string> Faults(ControlZeroClientOptions options)
    {
        options.Url ??= "https://127.0.0.1:5050";
        options.ApiKey = ClientTest.Key;
        return OptionsRules.Faults(options);
    }

    private static (string? Ca, string? Certificate, string? Key) FilesOf(ControlZeroClientOptions options) =>
        (options.CaFile, options.ClientCertificateFile, options.ClientKeyFile);
}
