using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using ControlZero.Server.Cluster.Tls;
using ControlZero.Server.Hosting.Tls;
using ControlZero.Testing.Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlZero.Server.Tests.Tls;

/// <summary>Handshakes between two servers of a cluster, each side as Orleans would have it, over the pipes of one connection.</summary>
public sealed class PeerTlsTests : IDisposable
{
    private const string Name = "cluster-a";

    private readonly TlsFiles _files = new();
    private readonly TestAuthority _other = new("other");

    [Fact]
    public async Task Servers_OfOneAuthorityAndName_ReachEachOther()
    {
        var ends = await ConnectAsync(Peer("caller"), Peer("answerer"));

        Assert.Equal(("asked", "answered"), (ends.Answerer.Heard, ends.Caller.Heard));
    }

    [Fact]
    public async Task Caller_OfAnotherAuthority_IsRefused() => AssertRefused(await ConnectAsync(Peer("caller", of: _other, trusting: _files.Authority), Peer("answerer")));

    [Fact]
    public async Task Answerer_OfAnotherAuthority_IsRefused() => AssertRefused(await ConnectAsync(Peer("caller"), Peer("answerer", of: _other, trusting: _files.Authority)));

    [Fact]
    public async Task Caller_OfTheAuthorityUnderAnotherName_IsRefused() => AssertRefused(await ConnectAsync(Peer("caller", dnsName: "cluster-b"), Peer("answerer")));

    [Fact]
    public async Task Answerer_OfTheAuthorityUnderAnotherName_IsRefused() => AssertRefused(await ConnectAsync(Peer("caller"), Peer("answerer", dnsName: "cluster-b")));

    [Fact]
    public async Task Caller_WithACertificateForServersOnly_IsRefused() =>
        AssertRefused(await ConnectAsync(Use("caller", _files.Authority.Server(), _files.Authority), Peer("answerer", dnsName: "localhost"), "localhost"));

    [Fact]
    public async Task Answerer_WithACertificateForClientsOnly_IsRefused() =>
        AssertRefused(await ConnectAsync(Peer("caller", dnsName: "localhost"), Use("answerer", _files.Authority.Client(), _files.Authority), "localhost"));

    [Fact]
    public async Task Caller_WithoutTls_IsRefused()
    {
        var answerer = Peer("answerer");
        var (near, far) = Connection();
        await near.Output.WriteAsync(Encoding.ASCII.GetBytes("this is no hello of TLS, but some bytes that somebody sent"));

        var end = await RunAsync(far, new PeerTls(answerer, Name, calls: false, NullLogger<PeerTls>.Instance), "answered");

        Assert.False(end.Connected);
    }

    [Fact]
    public async Task Answerer_WithoutTls_IsRefused()
    {
        var (near, far) = Connection();
        await far.Output.WriteAsync(Encoding.ASCII.GetBytes("this is no hello of TLS, but some bytes that somebody sent"));

        var end = await RunAsync(near, new PeerTls(Peer("caller"), Name, calls: true, NullLogger<PeerTls>.Instance), "asked");

        Assert.False(end.Connected);
    }

    [Fact]
    public async Task Files_OfANewAuthority_AreUsedForNewConnections()
    {
        var (caller, answerer) = (Peer("caller"), Peer("answerer"));
        Assert.True((await ConnectAsync(caller, answerer)).Caller.Connected);

        Write("answerer", _other.Peer(Name), _other);
        answerer.Reload();
        AssertRefused(await ConnectAsync(caller, answerer));

        Write("caller", _other.Peer(Name), _other);
        caller.Reload();
        Assert.Equal("answered", (await ConnectAsync(caller, answerer)).Caller.Heard);
    }

    public void Dispose()
    {
        _files.Dispose();
        _other.Dispose();
    }

    // One side may think that it is connected until it hears of the other's refusal. What counts is that neither hears a word.
    private static void AssertRefused((End Caller, End Answerer) ends)
    {
        Assert.True(!ends.Caller.Connected || !ends.Answerer.Connected, "both sides went on");
        Assert.Equal((null, null), (ends.Caller.Heard, ends.Answerer.Heard));
    }

    private static async Task<(End Caller, End Answerer)> ConnectAsync(ServerCredentials caller, ServerCredentials answerer, string name = Name)
    {
        var (near, far) = Connection();
        var calling = RunAsync(near, new PeerTls(caller, name, calls: true, NullLogger<PeerTls>.Instance), "asked");
        var answering = RunAsync(far, new PeerTls(answerer, name, calls: false, NullLogger<PeerTls>.Instance), "answered");
        return (await calling, await answering);
    }

    // Sends its words and hears the other's, as whatever Orleans runs on the connection would; closes like a socket in the end.
    private static async Task<End> RunAsync(IDuplexPipe transport, PeerTls tls, string words)
    {
        // Not disposed: an abort is carried out a little later, on what a disposal would have taken away.
        var context = new DefaultConnectionContext("test", transport, transport);
        var (connected, heard) = (false, (string?)null);
        try
        {
            await tls.OnConnectionAsync(context, async connection =>
            {
                connected = true;
                await connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(words));
                var read = await connection.Transport.Input.ReadAsync();
                heard = read.Buffer.IsEmpty ? null : Encoding.ASCII.GetString(read.Buffer.ToArray());
            });
        }
        catch (Exception failure) when (failure is IOException or System.Security.Authentication.AuthenticationException or OperationCanceledException)
        {
        }

        await transport.Output.CompleteAsync();
        return new End(connected, heard);
    }

    private static (IDuplexPipe Near, IDuplexPipe Far) Connection()
    {
        var (to, from) = (new Pipe(), new Pipe());
        return (new Ends(from.Reader, to.Writer), new Ends(to.Reader, from.Writer));
    }

    private ServerCredentials Peer(string file, TestAuthority? of = null, TestAuthority? trusting = null, string dnsName = Name) =>
        Use(file, (of ?? _files.Authority).Peer(dnsName, file), trusting ?? of ?? _files.Authority);

    private ServerCredentials Use(string file, TestCertificate certificate, TestAuthority trusting)
    {
        Write(file, certificate, trusting);
        var options = new ClusterTlsOptions { CertificateFile = _files.At($"{file}.pem"), KeyFile = _files.At($"{file}.key"), CaFile = _files.At($"{file}.ca") };
        return new ServerCredentials(options.Files, TimeProvider.System, NullLogger<ServerCredentials>.Instance);
    }

    private void Write(string file, TestCertificate certificate, TestAuthority trusting)
    {
        _files.Write($"{file}.pem", certificate.Pem);
        _files.Write($"{file}.key", certificate.KeyPem);
        _files.Write($"{file}.ca", trusting.Pem);
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed record End(bool Connected, string? Heard);
}
