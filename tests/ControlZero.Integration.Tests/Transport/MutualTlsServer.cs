using ControlZero.Integration.Tests.Processes;
using ControlZero.Testing.Certificates;

namespace ControlZero.Integration.Tests.Transport;

/// <summary>A server with TLS that asks its callers for certificates, configured by a file, for all tests of a class.</summary>
public sealed class MutualTlsServer : IAsyncLifetime, IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly TestAuthority _servers = new("servers");
    private readonly TestAuthority _clients = new("clients");

    internal ServerProcess Server { get; private set; } = null!;

    /// <summary>The authority that vouches for the server.</summary>
    internal string CaFile => _scratch.At("ca.pem");

    /// <summary>Another one, of the same name.</summary>
    internal string WrongCaFile => _scratch.At("wrong-ca.pem");

    /// <summary>A certificate that the server accepts, and its key.</summary>
    internal (string Certificate, string Key) Client => (_scratch.At("client.pem"), _scratch.At("client.key"));

    /// <summary>One that it does not.</summary>
    internal (string Certificate, string Key) WrongClient => (_scratch.At("wrong-client.pem"), _scratch.At("wrong-client.key"));

    public async Task InitializeAsync()
    {
        using var stranger = new TestAuthority("servers");
        var server = _servers.Server();
        _scratch.Write("server.pem", server.Pem);
        _scratch.Write("server.key", server.KeyPem);
        _scratch.Write("clients.pem", _clients.Pem);
        _scratch.Write("ca.pem", _servers.Pem);
        _scratch.Write("wrong-ca.pem", stranger.Pem);
        Write("client", _clients.Client());
        Write("wrong-client", stranger.Client());
        var config = _scratch.Write(
            "settings.json",
            """{ "Tls": { "CertificateFile": "server.pem", "KeyFile": "server.key", "ClientCaFile": "clients.pem" } }""");
        Server = await ServerProcess.StartAsync(_scratch.Data, null, "--config", config);
    }

    /// <summary>The environment of a client program that has these files.</summary>
    internal Dictionary<string, string> Environment(string ca, (string Certificate, string Key)? client)
    {
        var environment = Server.Environment("bot");
        environment["CONTROLZERO_CA_FILE"] = ca;
        if (client is { } files)
        {
            environment["CONTROLZERO_CLIENT_CERTIFICATE_FILE"] = files.Certificate;
            environment["CONTROLZERO_CLIENT_KEY_FILE"] = files.Key;
        }

        return environment;
    }

    public async Task DisposeAsync() => await Server.DisposeAsync();

    public void Dispose()
    {
        _servers.Dispose();
        _clients.Dispose();
        _scratch.Dispose();
    }

    private void Write(string name, TestCertificate certificate)
    {
        _scratch.Write($"{name}.pem", certificate.Pem);
        _scratch.Write($"{name}.key", certificate.KeyPem);
    }
}
