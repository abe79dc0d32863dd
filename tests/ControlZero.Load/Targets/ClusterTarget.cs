using System.Diagnostics;
using System.Reflection;
using ControlZero.Load.Generation;
using ControlZero.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Load.Targets;

/// <summary>The real server over a directory of its own, with the example policy in force and every agent registered.</summary>
internal sealed class ClusterTarget : ITarget
{
    private const string Tenant = "load";
    private const string Action = "llm.generate";

    // Allowed by the third of five rules.
    private const string Resource = "model/meta-llama/llama-3-70b-instruct";

    private readonly DirectoryInfo _data;

    private ClusterTarget(ServerProcess process, DirectoryInfo data, CallSet unary, int responseBytes)
    {
        Process = process;
        _data = data;
        Unary = unary;
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
    /// <param name="cancellationToken">Ends it at once.</param>
    public static async Task<ClusterTarget> StartAsync(string program, int agents, CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("cz-load-");
        ServerProcess? process = null;
        try
        {
            process = await ServerProcess.StartAsync(
                program, ["--data", data.FullName, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"], cancellationToken);
            using var channel = GrpcChannel.ForAddress($"http://{process.Grpc}");
            var admin = (await File.ReadAllTextAsync(Path.Combine(data.FullName, "admin.key"), cancellationToken)).Trim();
            var created = await new TenantService.TenantServiceClient(channel).CreateTenantAsync(
                new CreateTenantRequest { TenantId = Tenant, UnknownAgents = "allow", MaxAgents = 10_000_000 }, With(admin), cancellationToken: cancellationToken);
            await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(
                new PublishPolicyRequest { Document = ReadPolicy() }, With(created.Key), cancellationToken: cancellationToken);

            var answer = await new EnforcementService.EnforcementServiceClient(channel).EnforceAsync(
                Question(0), With(created.Key), cancellationToken: cancellationToken);
            if (answer is not { Decision: Decision.Allow, RuleIndex: 2 })
            {
                throw new LoadException($"the server decided {answer.Decision} by rule `{answer.RuleId}` instead of Allow by the third");
            }

            // What every right answer begins with.
            var start = new EnforceResponse { Decision = Decision.Allow, Effect = "allow" };
            byte[][] bodies = [.. Enumerable.Range(0, agents).Select(agent => GrpcBody.Of(Question(agent)))];
            var calls = new CallSet(
                process.Grpc, "/controlzero.v1.EnforcementService/Enforce", created.Key, bodies, GrpcBody.Of(start).AsMemory(5), 1);
            return new ClusterTarget(process, data, calls, answer.CalculateSize());
        }
        catch
        {
            await (process?.DisposeAsync() ?? ValueTask.CompletedTask);
            data.Delete(recursive: true);
            throw;
        }
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

    private static EnforceRequest Question(int agent) => new() { AgentId = $"agent-{agent:D6}", Action = Action, Resource = Resource };

    private static Metadata With(string key) => new() { { "authorization", $"Bearer {key}" } };

    private static string ReadPolicy()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("openrouter-model-policy.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
