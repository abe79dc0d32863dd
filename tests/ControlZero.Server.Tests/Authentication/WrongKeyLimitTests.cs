using System.Net;
using ControlZero.Grains.Keys;
using ControlZero.Grains.Feed;
using ControlZero.Server.Authentication;
using ControlZero.Server.Telemetry;
using ControlZero.Server.Tests.Hosting;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Authentication;

[Collection(RunningServerCollection.Name)]
public sealed class WrongKeyLimitTests(RunningServer server)
{
    private static readonly IPAddress Flooder = IPAddress.Parse("192.0.2.1");

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));

    [Fact]
    public void Limit_OfTriesFromOneAddress_IsReachedExactlyAndRefills()
    {
        var limit = new WrongKeyLimit(_clock);
        for (var tried = 0; tried < WrongKeyLimit.Burst; tried++)
        {
            Assert.False(limit.IsReached(Flooder), $"after {tried}");
            limit.Count(Flooder);
        }

        Assert.True(limit.IsReached(Flooder));
        _clock.Advance(WrongKeyLimit.Interval);
        Assert.False(limit.IsReached(Flooder));
        limit.Count(Flooder);
        Assert.True(limit.IsReached(Flooder));
        _clock.Advance(WrongKeyLimit.Burst * WrongKeyLimit.Interval);
        Assert.False(limit.IsReached(Flooder));
    }

    [Theory]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2")]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    public void Limit_OfAddressesOfOneCaller_IsShared(string one, string other)
    {
        var limit = new WrongKeyLimit(_clock);
        for (var tried = 0; tried < WrongKeyLimit.Burst; tried++)
        {
            limit.Count(IPAddress.Parse(one));
        }

        Assert.True(limit.IsReached(IPAddress.Parse(other)));
    }

    [Fact]
    public async Task Call_FromAnAddressThatTriedTooManyKeys_IsRefusedUnlessItsKeyIsKnown()
    {
        var (_, known) = await server.NewTenantAsync();
        var (_, unseen) = await server.NewTenantAsync();
        var keys = server.Services.GetRequiredService<KeyCatalog>();
        var authenticator = new KeyAuthenticator(keys, new WrongKeyLimit(_clock), TimeProvider.System);
        Assert.Equal("passed", await CallAsync(authenticator, known));

        for (var tried = 1; tried < WrongKeyLimit.Burst; tried++)
        {
            Assert.Equal("16", await CallAsync(authenticator, ApiKey.Generate(test: false).Text));
        }

        // The try that is the last, and those after it. An unseen one, wrong or right, would cost a read; a known one costs nothing and has done nothing.
        Assert.Equal("8", await CallAsync(authenticator, ApiKey.Generate(test: false).Text));
        Assert.Equal("8", await CallAsync(authenticator, ApiKey.Generate(test: false).Text));
        Assert.Equal("8", await CallAsync(authenticator, unseen));
        Assert.Equal("passed", await CallAsync(authenticator, known));
        _clock.Advance(WrongKeyLimit.Interval);
        Assert.Equal("passed", await CallAsync(authenticator, unseen));
    }

    // What the middleware answers: a gRPC status, or that the call went on.
    private async Task<string> CallAsync(KeyAuthenticator authenticator, string key)
    {
        var http = new DefaultHttpContext { Connection = { RemoteIpAddress = Flooder } };
        http.Request.Headers.Authorization = $"Bearer {key}";
        http.SetEndpoint(server.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .First(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.Name == "GetLimits"));
        var answer = "";

        await new KeyAuthenticationMiddleware(
            _ =>
            {
                answer = "passed";
                return Task.CompletedTask;
            },
            authenticator,
            server.Services.GetRequiredService<SiloFreshness>(),
            server.Services.GetRequiredService<CallInstruments>()).InvokeAsync(http);

        return answer.Length > 0 ? answer : http.Response.Headers["grpc-status"].ToString();
    }
}
