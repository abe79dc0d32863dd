using System.Diagnostics;
using System.Reflection;
using ControlZero.Load.Generation;
using ControlZero.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Load.Targets;

/// <summary>The real server over a directory of its own, with the example policy in force and every agent registered.</summary>
internal sealed class ClusterTarget : ITarget
{
    private const string Tenant = "load";
    private const int BatchSize = 64;

    // Of 100,000 agents three quarters are asked about then.
    private const int MostBatches = 2_048;
    private const string Action = "llm.generate";

    // Allowed by the third of five rules.
    private const string Resource = "model/meta-llama/llama-3-70b-instruct";

    // Of a limit that is never reached: what is measured is being counted.
    private const string Limits =
        """
        "limits": [ { "name": "daily", "metric": "requests", "limit": 1000000000000, "window": "day", "per": "agent" } ],
        """;

    private readonly DirectoryInfo _data;

    private readonly Dictionary<int, CallSet> _batches = [];
    private readonly byte[] _batchStart;
    private readonly byte[] _streamStart;

    private ClusterTarget(ServerProcess process, DirectoryInfo data, CallSet unary, byte[] batchStart, byte[] streamStart, int responseBytes)
    {
        Process = process;
        _data = data;
        Unary = unary;
        _batchStart = batchStart;
        _streamStart = streamStart;
        ResponseBytes = responseBytes;
    }

    public ServerProcess Process { get; }

    public CallSet Unary { get; }

    /// <summary>Size of an answer. Unit: bytes.</summary>
    public int ResponseBytes { get; }

    /// <summary>How long it took to register all agents by their first request.</summary>
    public TimeSpan Registration { get; private set; }

    /// <summary>Starts it and publishes the policy; the answer to the first body is checked through a real client.</summary>
    /// <param name="program">The server's program.</param>
    /// <param name="agents">How many agents there are to be.</param>
    /// <param name="setup">How it is set up.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public static async Task<ClusterTarget> StartAsync(string program, int agents, ServerSetup setup, CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("cz-load-");
        ServerProcess? process = null;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(data.FullName, "controlzero.json"), $$"""{ "Audit": { "Mode": "{{setup.Audit}}" } }""", cancellationToken);
            process = await ServerProcess.StartAsync(
                program, ["--data", data.FullName, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"], cancellationToken);
            using var channel = GrpcChannel.ForAddress($"http://{process.Grpc}");
            var admin = (await File.ReadAllTextAsync(Path.Combine(data.FullName, "admin.key"), cancellationToken)).Trim();
            var created = await new TenantService.TenantServiceClient(channel).CreateTenantAsync(
                new CreateTenantRequest { TenantId = Tenant, UnknownAgents = "allow", MaxAgents = 10_000_000 }, With(admin), cancellationToken: cancellationToken);
            await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(
                new PublishPolicyRequest { Document = ReadPolicy(setup.HasLimits) }, With(created.Key), cancellationToken: cancellationToken);

            var enforcement = new EnforcementService.EnforcementServiceClient(channel);
            var answer = await enforcement.EnforceAsync(Question(0), With(created.Key), cancellationToken: cancellationToken);
            var batch = await enforcement.EnforceBatchAsync(
                BatchOf(Enumerable.Repeat(0, BatchSize)), With(created.Key), cancellationToken: cancellationToken);
            var streamed = await AskOnStreamAsync(enforcement, With(created.Key), cancellationToken);
            foreach (var decided in batch.Results.Select(result => result.Response).Append(answer).Append(streamed.Response))
            {
                if (decided is not { Decision: Decision.Allow, RuleIndex: 2 })
                {
                    throw new LoadException($"the server decided {decided?.Decision} by rule `{decided?.RuleId}` instead of Allow by the third");
                }
            }

            byte[][] bodies = [.. Enumerable.Range(0, agents).Select(agent => GrpcBody.Of(Question(agent)))];
            var calls = new CallSet(
                process.Grpc, "/controlzero.v1.EnforcementService/Enforce", created.Key, bodies, Start(answer, setup), 1) { AnswersVary = setup.HasLimits };
            return new ClusterTarget(process, data, calls, Start(batch, setup), Start(streamed, setup), answer.CalculateSize());
        }
        catch
        {
            await (process?.DisposeAsync() ?? ValueTask.CompletedTask);
            data.Delete(recursive: true);
            throw;
        }
    }

    public CallSet Batch(int agents)
    {
        if (_batches.TryGetValue(agents, out var made))
        {
            return made;
        }

        var random = new Random(64);
        byte[][] bodies =
        [
            .. Enumerable.Range(0, Math.Min(agents, MostBatches)).Select(_ => GrpcBody.Of(BatchOf(Enumerable.Range(0, BatchSize).Select(_ => random.Next(agents))))),
        ];
        return _batches[agents] = Unary with
        {
            Path = "/controlzero.v1.EnforcementService/EnforceBatch", Bodies = bodies, AnswerStart = _batchStart, DecisionsPerCall = BatchSize,
        };
    }

    public CallSet Stream(int agents)
    {
        var calls = Unary.First(agents);
        return calls with
        {
            Path = "/controlzero.v1.EnforcementService/EnforceStream",
            Bodies = Enumerable.Range(0, calls.Bodies.Length).Select(agent => GrpcBody.Of(new EnforceStreamRequest { Enforce = Question(agent) })).ToArray(),
            AnswerStart = _streamStart,
        };
    }

    /// <summary>Has every agent ask once, which registers it.</summary>
    public async Task RegisterAsync(Action<int> onAnswered, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        await new ClosedLoop(8, 32).RunOnceEachAsync(Unary, onAnswered, cancellationToken);
        Registration = Stopwatch.GetElapsedTime(begun);
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _data.Delete(recursive: true);
    }

    // Up to and with the first effect. All answers are of one length, which stands in the prefix: an error among them would show. With limits
    // they tell what is used, and vary: then it is decision and effect alone.
    private static byte[] Start(IMessage answer, ServerSetup setup)
    {
        var body = GrpcBody.Of(answer);
        return setup.HasLimits ? [8, (byte)Decision.Allow, 18, 5, .. "allow"u8] : body[..(body.AsSpan().IndexOf("allow"u8) + "allow"u8.Length)];
    }

    private static async Task<EnforceStreamResponse> AskOnStreamAsync(
        EnforcementService.EnforcementServiceClient enforcement, Metadata headers, CancellationToken cancellationToken)
    {
        using var call = enforcement.EnforceStream(headers, cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new EnforceStreamRequest { Enforce = Question(0) }, cancellationToken);
        await call.RequestStream.CompleteAsync();
        return await call.ResponseStream.MoveNext(cancellationToken)
            ? call.ResponseStream.Current
            : throw new LoadException("the server ended a stream without an answer");
    }

    private static EnforceBatchRequest BatchOf(IEnumerable<int> agents) => new() { Requests = { agents.Select(Question) } };

    private static EnforceRequest Question(int agent) => new() { AgentId = $"agent-{agent:D6}", Action = Action, Resource = Resource };

    private static Metadata With(string key) => new() { { "authorization", $"Bearer {key}" } };

    private static string ReadPolicy(bool withLimits)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("openrouter-model-policy.json")!;
        using var reader = new StreamReader(stream);
        var policy = reader.ReadToEnd();
        return withLimits ? policy.Insert(policy.IndexOf("\"rules\"", StringComparison.Ordinal), Limits) : policy;
    }
}
