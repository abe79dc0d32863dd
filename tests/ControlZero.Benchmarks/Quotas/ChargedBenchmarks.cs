using BenchmarkDotNet.Attributes;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Benchmarks.FrontDoor;
using ControlZero.Protocol.V1;
using ControlZero.Server.Enforcement;
using Google.Protobuf;
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

    private readonly byte[] _written = new byte[1 << 20];
    private MeasuredServer _server = null!;
    private LocalDecisions _local = null!;
    private EnforceQuestion[] _plain = null!;
    private EnforceQuestion[] _limited = null!;
    private EnforceBatchResponse _answers = null!;
    private int _next;

    [GlobalSetup]
    public async Task StartAsync()
    {
        _server = await MeasuredServer.StartAsync();
        _local = _server.Services.GetRequiredService<LocalDecisions>();
        await _server.PublishAsync("""
            {
              "name": "p",
              "rules": [ { "effect": "allow", "action": "llm.generate", "resource": "model/*" } ]
            }
            """);
        await _server.PublishAsync("""
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
    public async Task StopAsync() => await _server.DisposeAsync();

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
        _server.Services.GetRequiredService<AgentReferences>().Get(question.Tenant, question.Agent).AuthorizeAsync(question.Request).AsTask().Wait();

    private static EnforceQuestion[] Questions(string kind) =>
    [
        .. Enumerable.Range(0, Agents).Select(number => new EnforceQuestion(
            TenantId.Parse("default"),
            AgentId.Parse($"{kind}-{number}"),
            new AuthorizeRequest { Action = "llm.generate", Resource = "model/meta-llama/llama-3-70b-instruct" },
            "request-1")),
    ];
}
