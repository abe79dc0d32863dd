using System.Net;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Tests.Hosting;

public sealed class ListenTests
{
    [Theory]
    [InlineData("decisions.example", HttpStatusCode.OK)]
    [InlineData("a.below.example", HttpStatusCode.OK)]
    [InlineData("localhost", HttpStatusCode.BadRequest)]
    public async Task Host_AskedUnder_IsOneOfTheAllowedOnes(string name, HttpStatusCode status)
    {
        await using var server = await ConfiguredServer.StartAsync(listen: new ListenOptions { AllowedHosts = ["decisions.example", "*.below.example"] });
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Http, "/health/live"));
        request.Headers.Host = name;

        using var answer = await client.SendAsync(request);

        Assert.Equal(status, answer.StatusCode);
    }
}
