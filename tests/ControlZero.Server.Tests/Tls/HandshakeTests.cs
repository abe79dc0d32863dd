using System.Net;
using System.Security.Authentication;
using ControlZero.Server.Tests.Hosting;
using ControlZero.Testing.Certificates;
using Grpc.Core;

namespace ControlZero.Server.Tests.Tls;

/// <summary>Who gets through, on real connections.</summary>
public sealed class HandshakeTests : IDisposable
{
    private readonly TlsFiles _files = new();

    [Fact]
    public async Task Tls_ByACallerWhoTrustsTheAuthority_IsServedOnBothPorts()
    {
        await using var server = await ConfiguredServer.StartAsync(_files.Serve(_files.Authority.Server()));

        Assert.Equal(("https", "https"), (server.Grpc.Scheme, server.Http.Scheme));
        Assert.NotEqual("", (await server.CallAsync(_files.Authority.Pem)).Version);
        Assert.Equal(HttpStatusCode.OK, await server.HealthAsync(_files.Authority.Pem));
    }

    [Fact]
    public async Task Tls_ByACallerWhoTrustsAnotherAuthority_IsRefusedByTheCaller()
    {
        await using var server = await ConfiguredServer.StartAsync(_files.Serve(_files.Authority.Server()));
        using var stranger = new TestAuthority("servers");

        var call = await Assert.ThrowsAsync<RpcException>(() => server.CallAsync(stranger.Pem));
        var health = await Assert.ThrowsAsync<HttpRequestException>(() => server.HealthAsync(stranger.Pem));

        Assert.IsType<AuthenticationException>(call.Status.DebugException!.GetBaseException());
        Assert.IsType<AuthenticationException>(health.InnerException);
    }

    [Fact]
    public async Task Tls_InTheClear_IsNotServed()
    {
        await using var server = await ConfiguredServer.StartAsync(_files.Serve(_files.Authority.Server()));
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new UriBuilder(server.Http) { Scheme = "http", Path = "/health/live" }.Uri));
    }

    [Fact]
    public async Task Tls_WithIntermediateAuthority_SendsTheWholeChain()
    {
        using var intermediate = _files.Authority.Intermediate("between");
        await using var server = await ConfiguredServer.StartAsync(_files.Serve(intermediate.Server(), intermediate.Pem));

        Assert.NotEqual("", (await server.CallAsync(_files.Authority.Pem)).Version);
    }

    [Fact]
    public async Task Tls_FromPkcs12_IsServed()
    {
        var file = _files.Write("server.pfx", _files.Authority.Server().Pfx);
        await using var server = await ConfiguredServer.StartAsync(new() { PfxFile = file, PfxPassword = TestCertificate.PfxPassword });

        Assert.NotEqual("", (await server.CallAsync(_files.Authority.Pem)).Version);
    }

    [Fact]
    public async Task ClientCertificates_AskedFor_OnlyThoseOfTheAuthorityGetThrough()
    {
        await using var server = await ConfiguredServer.StartAsync(_files.ServeMutually(_files.Authority.Server()));
        using var stranger = new TestAuthority("clients");
        using var good = _files.ClientAuthority.Client().Open();
        using var ofStranger = stranger.Client().Open();
        using var ofServers = _files.Authority.Client().Open();
        using var madeForServers = _files.ClientAuthority.Server().Open();

        Assert.NotEqual("", (await server.CallAsync(_files.Authority.Pem, good)).Version);
        Assert.Equal(HttpStatusCode.OK, await server.HealthAsync(_files.Authority.Pem, good));
        foreach (var refused in new[] { null, ofStranger, ofServers, madeForServers })
        {
            var call = await Assert.ThrowsAsync<RpcException>(() => server.CallAsync(_files.Authority.Pem, refused));
            Assert.True(call.StatusCode is StatusCode.Unavailable or StatusCode.Internal, call.ToString());
            await Assert.ThrowsAsync<HttpRequestException>(() => server.HealthAsync(_files.Authority.Pem, refused));
        }
    }

    [Fact]
    public async Task ClientCertificates_NotAskedForOnHttp_ProbesGetThroughAndCallersDoNot()
    {
        await using var server = await ConfiguredServer.StartAsync(_files.ServeMutually(_files.Authority.Server()) with { HttpNeedsClientCertificate = false });

        Assert.Equal(HttpStatusCode.OK, await server.HealthAsync(_files.Authority.Pem));
        await Assert.ThrowsAsync<RpcException>(() => server.CallAsync(_files.Authority.Pem));
    }

    public void Dispose() => _files.Dispose();
}
