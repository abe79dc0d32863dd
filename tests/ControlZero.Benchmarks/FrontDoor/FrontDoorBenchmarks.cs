using BenchmarkDotNet.Attributes;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Decided = ControlZero.Abstractions.Agents.Authorization;

namespace ControlZero.Benchmarks.FrontDoor;

/// <summary>Where the time and the bytes of one Enforce go, step by step, in a running server. What is missing to a call is gRPC itself.</summary>
public class FrontDoorBenchmarks
{
    private readonly EnforceRequest _request = new()
    {
        AgentId = "agent-1", Action = "llm.generate", Resource = "model/meta-llama/llama-3-70b-instruct",
    };

    private MeasuredServer _server = null!;
    private KeyAuthenticator _authenticator = null!;
    private AgentReferences _agents = null!;
    private LocalDecisions _local = null!;
    private StringValues _header;
    private ClientIdentity _caller = null!;
    private EnforceQuestion _question;
    private Decided _authorization = null!;
    private EnforceResponse _response = null!;
    private byte[] _message = null!;

    [GlobalSetup]
    public async Task StartAsync()
    {
        _server = await MeasuredServer.StartAsync();
        _header = _server.Authorization;
        _authenticator = _server.Services.GetRequiredService<KeyAuthenticator>();
        _agents = _server.Services.GetRequiredService<AgentReferences>();
        _local = _server.Services.GetRequiredService<LocalDecisions>();
        await _server.PublishAsync("""{ "name": "p", "rules": [ { "effect": "allow", "action": "llm.generate", "resource": "model/*" } ] }""");

        _message = _request.ToByteArray();
        _caller = (await Authenticate())!;
        _question = Read();
        _authorization = await Authorize();
        _response = Map();
    }

    [GlobalCleanup]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Benchmark(Description = "authenticate the key")]
    public async Task<object?> AuthenticateKey() => await Authenticate();

    [Benchmark(Description = "parse the message")]
    public EnforceRequest Parse() => EnforceRequest.Parser.ParseFrom(_message);

    [Benchmark(Description = "check every field")]
    public string Check() => Read().RequestId;

    [Benchmark(Description = "grain call and decision")]
    public async Task<Decided> Decide() => await Authorize();

    [Benchmark(Description = "decision on the cell and its answer")]
    public EnforceResponse? DecideHere() => _local.Decide(_question)?.Response;

    [Benchmark(Description = "map the answer")]
    public EnforceResponse Answer() => Map();

    [Benchmark(Description = "write the answer")]
    public byte[] Write() => _response.ToByteArray();

    private ValueTask<ClientIdentity?> Authenticate() => _authenticator.AuthenticateAsync(_header, CancellationToken.None);

    private EnforceQuestion Read() => EnforceQuestion.Read(_request, _caller);

    private ValueTask<Decided> Authorize() => _agents.Get(_question.Tenant, _question.Agent).AuthorizeAsync(_question.Request);

    private EnforceResponse Map() => EnforceMapping.ToResponse(
        _authorization, Ulid.NewUlid(DateTimeOffset.UnixEpoch).ToString(), _question.RequestId, _request.DryRun);
}
