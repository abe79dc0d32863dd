using System.Collections.Concurrent;
using ControlZero.Server.Hosting;
using ControlZero.Server.Hosting.Tls;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlZero.Server.Tests.Tls;

/// <summary>Certificates change while a server runs.</summary>
public sealed class ReloadTests : IDisposable
{
    private readonly TlsFiles _files = new();
    private readonly KeptLog _log = new();

    [Fact]
    public void Files_Unchanged_AreNotTakenUpAgain()
    {
        using var credentials = Credentials(_files.Serve(_files.Authority.Server("first")));
        var before = credentials.Current;

        credentials.Reload();

        Assert.Same(before, credentials.Current);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Files_Changed_AreTakenUp()
    {
        using var credentials = Credentials(_files.Serve(_files.Authority.Server("first")));

        _files.Serve(_files.Authority.Server("second"));
        credentials.Reload();

        Assert.Equal("CN=second", NameOf(credentials));
        Assert.StartsWith("Information New connections get the certificate of CN=second", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server.pem", "garbage", "Tls:CertificateFile")]
    [InlineData("server.key", "", "Tls:KeyFile")]
    [InlineData("clients.pem", "garbage", "Tls:ClientCaFile")]
    public void Files_ChangedToSomethingUseless_LeaveTheOldOnesInUseAndSayItOnce(string file, string text, string named)
    {
        using var credentials = Credentials(_files.ServeMutually(_files.Authority.Server("first")));
        var before = credentials.Current;

        _files.Write(file, text);
        credentials.Reload();
        credentials.Reload();

        Assert.Same(before, credentials.Current);
        Assert.StartsWith($"Warning The TLS files changed and cannot be used, so the ones read before stay in use: {named} ", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_RemovedAndWrittenAnew_AreTakenUpAtLast()
    {
        using var credentials = Credentials(_files.Serve(_files.Authority.Server("first")));

        File.Delete(_files.At("server.key"));
        credentials.Reload();
        var meanwhile = NameOf(credentials);
        _files.Serve(_files.Authority.Server("second"));
        credentials.Reload();

        Assert.Equal(("CN=first", "CN=second"), (meanwhile, NameOf(credentials)));
    }

    [Fact]
    public void Files_UselessAtTheStart_StopTheServer()
    {
        var options = _files.Serve(_files.Authority.Server());
        File.Delete(options.KeyFile!);

        var failure = Assert.Throws<StartupException>(() => Credentials(options));

        Assert.Contains("Tls:KeyFile", Assert.Single(failure.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunningServer_FilesChanged_GivesNewConnectionsTheNewCertificate()
    {
        var options = _files.ServeMutually(_files.Authority.Server("first")) with { ReloadInterval = TimeSpan.FromMilliseconds(100) };
        await using var server = await ConfiguredServer.StartAsync(options);
        using var client = _files.ClientAuthority.Client().Open();
        Assert.Equal("first", await server.CommonNameAsync(_files.Authority.Pem, client));
        var before = server.Credentials.Current;

        _files.Serve(_files.Authority.Server("second"));
        await Until.TrueAsync(() => !ReferenceEquals(server.Credentials.Current, before), "the new certificate is taken up");

        Assert.Equal("second", await server.CommonNameAsync(_files.Authority.Pem, client));
        Assert.NotEqual("", (await server.CallAsync(_files.Authority.Pem, client)).Version);
    }

    [Fact]
    public async Task RunningServer_ClientAuthorityChanged_RefusesTheFormerOnesClients()
    {
        await using var server = await ConfiguredServer.StartAsync(_files.ServeMutually(_files.Authority.Server()));
        using var client = _files.ClientAuthority.Client().Open();
        Assert.NotEqual("", (await server.CallAsync(_files.Authority.Pem, client)).Version);

        _files.Write("clients.pem", _files.Authority.Pem);
        server.Credentials.Reload();

        await Assert.ThrowsAsync<RpcException>(() => server.CallAsync(_files.Authority.Pem, client));
    }

    public void Dispose() => _files.Dispose();

    private ServerCredentials Credentials(TlsOptions options) => new(options, TimeProvider.System, _log);

    private static string NameOf(ServerCredentials credentials) => credentials.Current.Certificate.TargetCertificate.Subject;

    private sealed class KeptLog : ILogger<ServerCredentials>
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public IDisposable BeginScope<TState>(TState state)
            where TState : notnull => NullLogger.Instance.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {formatter(state, exception)}");
    }
}
