using System.Net;
using ControlZero.Abstractions.Tenants;
using ControlZero.Protocol.V1;
using ControlZero.Server.Hosting;
using ControlZero.Server.Telemetry;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlZero.Server.Tests.Telemetry;

/// <summary>A real collector receives all three signals, and none of them tells who asked.</summary>
public sealed class CollectorTests : IDisposable
{
    private const string Agent = "canary-agent-7f3a";
    private const string Request = "canary-request-91bd";
    private const string Person = "canary-person-52ce";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-collector-");

    [Theory]
    [InlineData((int)OtlpForm.Grpc)]
    [InlineData((int)OtlpForm.HttpProtobuf)]
    public async Task Collector_OfARunningServer_ReceivesMetricsTracesAndLogsWithoutIds(int form)
    {
        await using var collector = await Collector.StartAsync();
        await using var host = await ServerHost.StartAsync(Options(collector, (OtlpForm)form), CancellationToken.None);
        using var channel = GrpcChannel.ForAddress(Greeting.Addresses(host).Grpc);
        var key = host.Data.ReadAdminKey()!;
        var headers = new Metadata { { "authorization", $"Bearer {key.Text}" } };
        await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = """{ "name": "p", "rules": [ { "allow": "llm:*" } ] }""" }, headers);

        var enforcement = new EnforcementService.EnforcementServiceClient(channel);
        var decided = new EnforceResponse();

        // Asked again until all came: an export that a busy machine cuts short is not repeated for traces and logs.
        await Until.TrueAsync(
            async () =>
            {
                decided = await enforcement.EnforceAsync(Question(), headers);
                await Assert.ThrowsAsync<RpcException>(async () => await enforcement.EnforceAsync(Question(action: "no half"), headers));
                host.App.Services.GetRequiredService<ILogger<CollectorTests>>().LogCollectorTest();
                return collector.Holds("controlzero.enforce.decisions", "metrics")
                    && collector.Holds("controlzero.enforce.failures", "metrics")
                    && collector.Holds("gen_ai.request.model", "traces")
                    && collector.Holds("a line of the collector's test", "logs");
            },
            "metrics, traces and logs came");

        await host.App.StopAsync();
        Assert.Equal(Decision.Allow, decided.Decision);
        Assert.All(
            [Agent, Request, Person, key.Text, key.Id.Value, decided.DecisionId],
            secret => Assert.False(collector.Holds(secret), $"`{secret}` was sent to the collector"));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static EnforceRequest Question(string action = "llm.generate") => new()
    {
        AgentId = Agent,
        RequestId = Request,
        Action = action,
        Resource = "model/openai/gpt-4",
        Context = new() { Fields = { ["user"] = new() { StringValue = Person } } },
    };

    private ServerOptions Options(Collector collector, OtlpForm form) => new()
    {
        Data = new DataOptions { Directory = Path.Combine(_directory.FullName, form.ToString()) },
        Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0) },
        DefaultTenant = new DefaultTenantOptions { UnknownAgents = UnknownAgents.Allow },
        Telemetry = new TelemetryOptions
        {
            OtlpEndpoint = form == OtlpForm.Grpc ? collector.Grpc : collector.Http,
            OtlpProtocol = form,
            OtlpInterval = TimeSpan.FromSeconds(1),
            Traces = true,
            TraceSampleRatio = 1,
        },
    };
}

/// <summary>What the tests log.</summary>
internal static partial class CollectorLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "a line of the collector's test")]
    public static partial void LogCollectorTest(this ILogger logger);
}
