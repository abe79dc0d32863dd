using System.Net;
using BenchmarkDotNet.Attributes;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Protocol.V1;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Hosting;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Benchmarks.Quotas;

/// <summary>
/// What a limit adds to a decision on the cell and its answer, over 200 agents in turn. So many reservations are kept as a silo may keep, so each decision
/// that opens one also ends one.
/// </summary>
public class ChargedBenchmarks
{
    private const int Agents = 200;
    private const int Batch = 64;

    // A little more than a silo may keep.
    private const int Opened = 1_100_000;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("cz-benchmarks-");
    private readonly byte[] _written = new byte[1 << 20];
    private ServerHost _host = null!;
    private LocalDecisions _local = null!;
    private EnforceQuestion[] _plain = null!;
    private EnforceQuestion[] _limited = null!;
    private EnforceBatchResponse _answers = null!;
    private int _next;

    [GlobalSetup]
    public async Task StartAsync()
    {
        _host = await ServerHost.StartAsync(
            new ServerOptions
            {
                Data = new DataOptions { Directory = _data.FullName },
                Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0) },
                DefaultTenant = new DefaultTenantOptions { UnknownAgents = UnknownAgents.Allow },
            },
            CancellationToken.None);
        _local = _host.App.Services.GetRequiredService<LocalDecisions>();
        await PublishAsync("""
            {
              "name": "p",
              "rules": [ { "effect": "allow", "action": "llm.generate", "resource": "model/*" } ]
            }
            """);
        await PublishAsync("""
            {
              "name": "limited",
              "agents": ["limited-*"],
              "rules": [ { "effect": "allow", "action": "llm.generate", "resource": "model/*" } ],
              "limits": [ { "name": "l", "metric": "requests", "limit": 1000000000000, "window": "day", "per": "agent" } ]
            }
            """);
        _plain = Questions("plain");
        _limited = Questions("limited");
        for (var opened = 0; opened < Opened; opened++)
        {
            Next(_plain);
            Next(_limited);
        }

        _answers = new EnforceBatchResponse { Results = { Enumerable.Range(0, Batch).Select(_ => new EnforceBatchResult { Response = Next(_limited) }) } };
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        await _host.App.StopAsync();
        await _host.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Benchmark(Description = "decide and answer, no limit")]
    public EnforceResponse DecidePlain() => Next(_plain);

    [Benchmark(Description = "decide and answer, one limit")]
    public EnforceResponse DecideLimited() => Next(_limited);

    [Benchmark(Description = "write the answers of a batch, one limit", OperationsPerInvoke = Batch)]
    public int Write()
    {
        var length = _answers.CalculateSize();
        _answers.WriteTo(_written.AsSpan(0, length));
        return length;
    }

    private EnforceResponse Next(EnforceQuestion[] questions)
    {
        _next = (_next + 1) % Agents;
        while (true)
        {
            if (_local.Decide(questions[_next]) is { } outcome)
            {
                return outcome.Response!;
            }

            // Its first units, or a block that could not be topped up in time.
            Ask(questions[_next]);
        }
    }

    private void Ask(EnforceQuestion question) =>
        _host.App.Services.GetRequiredService<AgentReferences>().Get(question.Tenant, question.Agent).AuthorizeAsync(question.Request).AsTask().Wait();

    private async Task PublishAsync(string document)
    {
        using var channel = GrpcChannel.ForAddress(Greeting.Addresses(_host).Grpc);
        await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = document }, new Metadata { { "authorization", $"Bearer {_host.Data.ReadAdminKey()!.Text}" } });
    }

    private static EnforceQuestion[] Questions(string kind) =>
    [
        .. Enumerable.Range(0, Agents).Select(number => new EnforceQuestion(
            TenantId.Parse("default"),
            AgentId.Parse($"{kind}-{number}"),
            new AuthorizeRequest { Action = "llm.generate", Resource = "model/meta-llama/llama-3-70b-instruct" },
            "request-1")),
    ];
}
