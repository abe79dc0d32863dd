using System.Net;
using System.Net.Sockets;
using ControlZero.Load.Generation;
using ControlZero.Load.Targets;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Load.Cerbos;

/// <summary>
/// Cerbos, asked what our server is asked: may an agent use a model that the third of its rules allows. Its policy is on disk, and each decision goes to its audit
/// log, a file that it does not flush.
/// </summary>
internal sealed class CerbosTarget : ITarget
{
    private const string Policy =
        """
        apiVersion: api.cerbos.dev/v1
        resourcePolicy:
          version: default
          resource: model
          rules:
            - { actions: [ "llm.generate" ], effect: EFFECT_ALLOW, roles: [ agent ], condition: { match: { expr: 'R.id == "anthropic/claude-sonnet-4-20250514"' } } }
            - { actions: [ "llm.generate" ], effect: EFFECT_ALLOW, roles: [ agent ], condition: { match: { expr: 'R.id == "openai/gpt-4"' } } }
            - { actions: [ "llm.generate" ], effect: EFFECT_ALLOW, roles: [ agent ], condition: { match: { expr: 'R.id == "meta-llama/llama-3-70b-instruct"' } } }
            - { actions: [ "llm.generate" ], effect: EFFECT_DENY, roles: [ agent ], condition: { match: { expr: 'R.id == "anthropic/claude-opus-4-20250514"' } } }
        """;

    private readonly DirectoryInfo _data;

    private CerbosTarget(ServerProcess process, DirectoryInfo data, CallSet unary) => (Process, _data, Unary) = (process, data, unary);

    public ServerProcess Process { get; }

    public CallSet Unary { get; }

    public CallSet Batch(int agents) => Unary;

    public CallSet Stream(int agents) => Unary;

    /// <summary>Starts it; the answer is checked through a real client.</summary>
    /// <param name="program">Its program.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public static async Task<CerbosTarget> StartAsync(string program, CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("cz-cerbos-");
        ServerProcess? process = null;
        try
        {
            var endpoint = FreePort();
            await WriteFilesAsync(data, endpoint, cancellationToken);
            using var channel = GrpcChannel.ForAddress($"http://{endpoint}");
            var client = new CerbosService.CerbosServiceClient(channel);
            CheckResourcesResponse? answer = null;
            process = await ServerProcess.StartAtAsync(
                program,
                ["server", "--config", Path.Combine(data.FullName, "cerbos.yaml"), "--log-level", "error"],
                endpoint,
                async stop => answer = await client.CheckResourcesAsync(Question(), new CallOptions(cancellationToken: stop).WithWaitForReady()),
                cancellationToken);
            return answer?.Results is [{ Actions: var actions }] && actions["llm.generate"] == 1
                ? new CerbosTarget(process, data, new CallSet(endpoint, "/cerbos.svc.v1.CerbosService/CheckResources", null, new[] { GrpcBody.Of(Question()) }, default, 1))
                : throw new LoadException($"Cerbos answers {answer} instead of an allow");
        }
        catch
        {
            await (process?.DisposeAsync() ?? ValueTask.CompletedTask);
            data.Delete(recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _data.Delete(recursive: true);
    }

    private static CheckResourcesRequest Question() => new()
    {
        Principal = new Principal { Id = "agent-000000", Roles = { "agent" } },
        Resources = { new ResourceEntry { Actions = { "llm.generate" }, Resource = new Resource { Kind = "model", Id = "meta-llama/llama-3-70b-instruct" } } },
    };

    private static async Task WriteFilesAsync(DirectoryInfo data, IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        var policies = data.CreateSubdirectory("policies");
        await File.WriteAllTextAsync(Path.Combine(policies.FullName, "model.yaml"), Policy, cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(data.FullName, "cerbos.yaml"),
            $$"""
            server: { httpListenAddr: "{{FreePort()}}", grpcListenAddr: "{{endpoint}}" }
            storage: { driver: disk, disk: { directory: "{{policies.FullName}}", watchForChanges: false } }
            audit: { enabled: true, accessLogsEnabled: false, decisionLogsEnabled: true, backend: file, file: { path: "{{data.FullName}}/audit.log" } }
            telemetry: { disabled: true }
            """,
            cancellationToken);
    }

    // It does not say which port it was given.
    private static IPEndPoint FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }
}
