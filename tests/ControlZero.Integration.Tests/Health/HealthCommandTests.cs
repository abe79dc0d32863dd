using System.Net;
using System.Net.Sockets;
using System.Text;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Testing.Certificates;

namespace ControlZero.Integration.Tests.Health;

/// <summary>The server's own health check, for images that have no shell: it is configured like the server it asks.</summary>
public sealed class HealthCommandTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(2);

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Health_OfReadyServer_SaysSoAndExitsWithZero()
    {
        await using var server = await ServerProcess.StartAsync(_scratch.Data);

        var end = await UntilReadyAsync(Of(server));

        Assert.Equal("ready\n", end.Output);
        Assert.Equal("", end.Error);
    }

    [Fact]
    public async Task Health_OfServerOnAllAddressesUnderCertainNamesWithClientCertificates_AsksAsItMustBeAsked()
    {
        using var authority = new TestAuthority("all");
        var certificate = authority.Server();
        var environment = new Dictionary<string, string>
        {
            ["CONTROLZERO__TLS__CERTIFICATEFILE"] = _scratch.Write("server.pem", certificate.Pem),
            ["CONTROLZERO__TLS__KEYFILE"] = _scratch.Write("server.key", certificate.KeyPem),
            ["CONTROLZERO__TLS__CLIENTCAFILE"] = _scratch.Write("ca.pem", authority.Pem),
            ["CONTROLZERO__TLS__HTTPNEEDSCLIENTCERTIFICATE"] = "false",
            ["CONTROLZERO__LISTEN__ALLOWEDHOSTS"] = "*.decisions.example",
        };
        await using var server = await ServerProcess.StartAsync(_scratch.Data, environment, "--http", "0.0.0.0:0");
        environment["CONTROLZERO__LISTEN__HTTP"] = $"0.0.0.0:{new Uri(server.Http).Port}";

        var end = await UntilReadyAsync(environment);

        Assert.Equal("ready\n", end.Output);
    }

    [Fact]
    public async Task Health_WhereTheHttpPortAsksForACertificate_NamesTheRemedy()
    {
        using var authority = new TestAuthority("all");
        var certificate = authority.Server();
        var environment = new Dictionary<string, string>
        {
            ["CONTROLZERO__TLS__CERTIFICATEFILE"] = _scratch.Write("server.pem", certificate.Pem),
            ["CONTROLZERO__TLS__KEYFILE"] = _scratch.Write("server.key", certificate.KeyPem),
            ["CONTROLZERO__TLS__CLIENTCAFILE"] = _scratch.Write("ca.pem", authority.Pem),
        };
        environment["CONTROLZERO__LISTEN__HTTP"] = "127.0.0.1:1";

        var end = (await AskAsync(environment)).With(exitCode: 1);

        Assert.Contains("set Tls:HttpNeedsClientCertificate=false", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_OfServerThatIsNotReady_RepeatsWhyAndExitsWithOne()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var served = AnswerOnceAsync(listener, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 19\r\nConnection: close\r\n\r\nnot ready: draining");

        var end = (await AskAsync(new() { ["CONTROLZERO__LISTEN__HTTP"] = listener.LocalEndpoint.ToString()! })).With(exitCode: 1);

        Assert.Equal("controlzero: not ready: draining\n", end.Error);
        Assert.StartsWith("GET /health/ready HTTP/1.1", await served, StringComparison.Ordinal);
        Assert.Equal("", end.Output);
    }

    [Theory]
    [InlineData("127.0.0.1:1", "controlzero: no answer from http://127.0.0.1:1/health/ready: ")]
    [InlineData("[::1]:1", "controlzero: no answer from http://[::1]:1/health/ready: ")]
    [InlineData("127.0.0.1:0", "controlzero: not asked: Listen:Http has port 0")]
    public async Task Health_WhereNobodyListens_SaysSoAndExitsWithOne(string http, string start)
    {
        var end = (await AskAsync(new() { ["CONTROLZERO__LISTEN__HTTP"] = http })).With(exitCode: 1);

        Assert.StartsWith(start, end.Error, StringComparison.Ordinal);
        Assert.Equal("", end.Output);
    }

    public void Dispose() => _scratch.Dispose();

    private static Dictionary<string, string> Of(ServerProcess server) => new() { ["CONTROLZERO__LISTEN__HTTP"] = new Uri(server.Http).Authority };

    private static Task<Ended> AskAsync(Dictionary<string, string> environment) => ChildProcess.RunAsync(Repository.Server, ["health"], environment);

    // A busy machine may take longer than a server should.
    private static async Task<Ended> UntilReadyAsync(Dictionary<string, string> environment)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (true)
        {
            var end = await AskAsync(environment);
            if (end.ExitCode == 0)
            {
                return end;
            }

            Assert.False(bound.IsCancellationRequested, $"not ready within {Bound.TotalMinutes} min: {end.Report}");
        }
    }

    private static async Task<string> AnswerOnceAsync(TcpListener listener, string answer)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        var stream = connection.GetStream();
        using var reader = new StreamReader(stream, leaveOpen: true);
        var first = await reader.ReadLineAsync();
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
        return first!;
    }
}
