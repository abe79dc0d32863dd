using System.Net;
using ControlZero.Protocol.V1;
using ControlZero.Server.Hosting;
using ControlZero.Server.Rpc;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Rpc;

public sealed class CallLimitTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-calls-");
    private ServerHost _host = null!;
    private GrpcChannel _channel = null!;

    [Fact]
    public void Limit_Reached_RefusesOneMore_AndIsRememberedForAWhile()
    {
        var clock = new FakeTimeProvider();
        var limit = new CallLimit(new ServerOptions { Listen = new ListenOptions { MaxCalls = 2 } }, clock);
        Assert.True(limit.TryEnter() && limit.TryEnter());
        Assert.False(limit.IsOverloaded);

        Assert.False(limit.TryEnter());

        limit.Leave();
        Assert.Equal((1, true), (limit.UnderWay, limit.IsOverloaded));
        Assert.True(limit.TryEnter());
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.False(limit.IsOverloaded);
    }

    [Fact]
    public async Task Call_OverTheLimit_IsShedBeforeItsKeyIsLookedAt_AndHealthSaysSo()
    {
        var headers = new Metadata { { "authorization", $"Bearer {_host.Data.ReadAdminKey()!.Text}" } };
        var enforcement = new EnforcementService.EnforcementServiceClient(_channel);
        using var stream = enforcement.EnforceStream(headers);
        await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = 1, Enforce = new EnforceRequest { AgentId = "a", Action = "a:x" } });
        Assert.True(await stream.ResponseStream.MoveNext());

        await RpcAssert.FailsAsync(StatusCode.ResourceExhausted, "SERVER_OVERLOADED", enforcement.EnforceAsync(new EnforceRequest()));
        using var http = new HttpClient();
        using var ready = await http.GetAsync(new Uri($"{Greeting.Addresses(_host).Http}/health/ready"));
        var health = await new Grpc.Health.V1.Health.HealthClient(_channel).CheckAsync(new HealthCheckRequest());

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not ready: overloaded"), (ready.StatusCode, await ready.Content.ReadAsStringAsync()));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, health.Status);
        await stream.RequestStream.CompleteAsync();
        Assert.False(await stream.ResponseStream.MoveNext());
        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, "INVALID_CREDENTIALS", enforcement.EnforceAsync(new EnforceRequest()));
    }

    public async Task InitializeAsync()
    {
        _host = await ServerHost.StartAsync(
            new ServerOptions
            {
                Data = new DataOptions { Directory = Path.Combine(_directory.FullName, "data") },
                Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0), MaxCalls = 1 },
                Freshness = new FreshnessSettings { Bound = TimeSpan.FromMinutes(5) },
            },
            CancellationToken.None);
        _channel = GrpcChannel.ForAddress(Greeting.Addresses(_host).Grpc);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _host.App.StopAsync();
        await _host.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
