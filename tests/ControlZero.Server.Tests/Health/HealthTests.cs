using System.Net;
using ControlZero.Server.Tests.Hosting;
using Grpc.Health.V1;

namespace ControlZero.Server.Tests.Health;

[Collection(RunningServerCollection.Name)]
public sealed class HealthTests(RunningServer server)
{
    [Theory]
    [InlineData("/health/startup")]
    [InlineData("/health/ready")]
    [InlineData("/health/live")]
    public async Task Health_OfARunningServer_IsOkWithoutAKey(string path)
    {
        using var client = new HttpClient { BaseAddress = server.Http };

        using var response = await client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task GrpcHealth_OfARunningServer_ServesWithoutAKey()
    {
        var answer = await new Grpc.Health.V1.Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest());

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
    }

    [Fact]
    public async Task Metrics_AreServedOnTheHttpPortAlone()
    {
        using var client = new HttpClient();
        using var onGrpc = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Grpc, "/metrics"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var metrics = await client.GetAsync(new Uri(server.Http, "/metrics"));
        using var refused = await client.SendAsync(onGrpc);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (metrics.StatusCode, refused.StatusCode));
        Assert.Contains("controlzero_silo_ready", await metrics.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_AskedUnderAnotherName_IsRefused()
    {
        using var client = new HttpClient { BaseAddress = server.Http };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/ready");
        request.Headers.Host = "evil.example";

        using var response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }
}
