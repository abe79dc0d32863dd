using ControlZero.Server.Hosting.Tls;
using ControlZero.Testing.Certificates;

namespace ControlZero.Server.Tests.Tls;

/// <summary>The files of a server with TLS, in a folder of their own.</summary>
internal sealed class TlsFiles : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cz-tls-");

    /// <summary>Signs the server's certificate.</summary>
    public TestAuthority Authority { get; } = new("servers");

    /// <summary>Signs those of clients.</summary>
    public TestAuthority ClientAuthority { get; } = new("clients");

    public string At(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Writes certificate and key as <c>server.pem</c> and <c>server.key</c>, and says so in options.</summary>
    public TlsOptions Serve(TestCertificate certificate, params string[] chain) => new()
    {
        CertificateFile = Write("server.pem", string.Join('\n', [certificate.Pem, .. chain])),
        KeyFile = Write("server.key", certificate.KeyPem),
    };

    /// <summary>The same, with client certificates asked for.</summary>
    public TlsOptions ServeMutually(TestCertificate certificate) =>
        Serve(certificate) with { ClientCaFile = Write("clients.pem", ClientAuthority.Pem) };

    /// <summary>Writes a file whole: nobody reads half of it.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(At(name) + ".new", text);
        File.Move(At(name) + ".new", At(name), overwrite: true);
        return At(name);
    }

    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }

    public void Dispose()
    {
        Authority.Dispose();
        ClientAuthority.Dispose();
        _folder.Delete(recursive: true);
    }
}
